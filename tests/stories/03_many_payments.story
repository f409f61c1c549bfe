# Several payments, one item or several.

story: two halves pay one invoice
why: the second half finds the first one already applied
  customer ACME "Acme Industrie GmbH"
  open     INV-301 ACME 1000.00 EUR
  payment  P-1  500.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-301 1. Rate"
  payment  P-2  500.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-301 2. Rate"
  then P-1
  allocate INV-301 500.00
  decide   auto|review
  then P-2
  allocate INV-301 500.00
  unapplied 0
  decide   auto|review

story: the first half was applied last week
why: the open amount is rebuilt from what was allocated
  customer ACME "Acme Industrie GmbH"
  open     INV-301 ACME 1000.00 EUR
  payment  P-0  600.00 EUR  on 2025-03-18 from "Acme Industrie GmbH" ref "INV-301"
  paid     P-0 INV-301 600.00 at 2025-03-19T09:00:00Z by clerk
  payment  P-1  400.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-301 Rest"
  allocate INV-301 400.00
  unapplied 0
  decide   auto|review

story: three instalments of one invoice arrive together
why: each takes its part, and together they take no more than is open
  customer ACME "Acme Industrie GmbH"
  open     INV-302 ACME 900.00 EUR
  payment  P-1  300.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-302 1/3" e2e E-1
  payment  P-2  300.00 EUR  on 2025-03-21 from "Acme Industrie GmbH" ref "INV-302 2/3" e2e E-2
  payment  P-3  300.00 EUR  on 2025-03-22 from "Acme Industrie GmbH" ref "INV-302 3/3" e2e E-3
  then P-1
  allocate INV-302 300.00
  then P-2
  allocate INV-302 300.00
  then P-3
  allocate INV-302 300.00
  unapplied 0

story: the second payment finds less open than it brings
why: nothing is paid beyond what is open; the rest is the customer's cash
  customer ACME "Acme Industrie GmbH"
  open     INV-303 ACME 100.00 EUR
  payment  P-0  60.00 EUR  on 2025-03-18 from "Acme Industrie GmbH" ref "INV-303 Anzahlung"
  paid     P-0 INV-303 60.00 at 2025-03-19T09:00:00Z by clerk
  payment  P-1  60.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-303 Schlusszahlung"
  allocate INV-303 40.00
  unapplied 20.00
  whose    ACME
  decide   auto|review

story: two strangers to each other want the same invoice, one of them names it
why: the better claim wins, whatever the order of the lines
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-304 ACME 750.00 EUR
  payment  P-1  750.00 EUR  on 2025-03-20 from "Unbekannt GmbH" ref "Zahlung"
  payment  P-2  750.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-304"
  then P-2
  allocate INV-304 750.00
  decide   auto|review
  then P-1
  spared   INV-304
  never    auto

story: two customers pay the same amount, each its own invoice
why: a global view gives each what belongs to it
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-305 ACME 420.00 EUR
  open     INV-306 BETA 420.00 EUR
  payment  P-1  420.00 EUR  on 2025-03-20 from "Beta Handels AG" ref "Rechnung"
  payment  P-2  420.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "Rechnung"
  then P-1
  allocate INV-306 420.00
  whose    BETA
  then P-2
  allocate INV-305 420.00
  whose    ACME

story: two payments for two invoices that do not line up one to one
why: the second invoice begins in the first payment and ends in the second
  customer ACME "Acme Industrie GmbH"
  open     INV-307 ACME 300.00 EUR issued 2025-02-03 due 2025-03-05
  open     INV-308 ACME 100.00 EUR issued 2025-03-03 due 2025-04-02
  payment  P-1  200.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-307 Teil 1"
  payment  P-2  200.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-307 Rest und INV-308"
  then P-1
  allocate INV-307 200.00
  unapplied 0
  then P-2
  allocate INV-307 100.00
  allocate INV-308 100.00
  unapplied 0

story: what a person applied is not touched again
why: users expect the system not to alter what they did by hand (OCA issue 43)
  customer ACME "Acme Industrie GmbH"
  open     INV-309 ACME 100.00 EUR
  open     INV-310 ACME 100.00 EUR
  payment  P-0  100.00 EUR  on 2025-03-18 from "Acme Industrie GmbH" ref "INV-309"
  paid     P-0 INV-310 100.00 at 2025-03-19T09:00:00Z by clerk
  payment  P-1  100.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-309"
  then P-0
  untouched
  then P-1
  allocate INV-309 100.00
  decide   auto|review

story: an allocation that was reversed leaves the item open again
why: the clerk had taken the wrong payment and took it back
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-311 ACME 310.00 EUR
  payment  P-0  310.00 EUR  on 2025-03-18 from "Beta Handels AG" ref "Miete" resolution on_account
  paid     P-0 INV-311 310.00 at 2025-03-19T09:00:00Z by clerk reversed 2025-03-20T09:00:00Z
  payment  P-1  310.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-311"
  allocate INV-311 310.00
  unapplied 0
  decide   auto|review
