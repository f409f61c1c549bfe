# One payment, many items.

story: two invoices are named and their sum is paid
why: the bread and butter of business customers
  customer CASC "Cascade Industrial LLC"
  open     INV-01-002 CASC 18000.00 USD
  open     INV-01-003 CASC 24000.00 USD
  open     INV-01-004 CASC 9000.00 USD
  payment  P-1  42000.00 USD  from "CASCADE INDUSTRIAL LLC" ref "INV-01-002 INV-01-003"
  allocate INV-01-002 18000.00
  allocate INV-01-003 24000.00
  unapplied 0
  decide   auto|review
  reason   sum_of_items

story: a list that gives the first number in full and the rest as tails
why: nobody types a prefix three times
  customer ACME "Acme Industrie GmbH"
  open     RE-2025-4217 ACME 100.10 EUR
  open     RE-2025-4218 ACME 200.20 EUR
  open     RE-2025-4219 ACME 300.30 EUR
  open     RE-2025-4220 ACME 400.40 EUR
  payment  P-1  600.60 EUR  from "Acme Industrie GmbH" ref "RE-2025-4217, 4218, 4219"
  allocate RE-2025-4217 100.10
  allocate RE-2025-4218 200.20
  allocate RE-2025-4219 300.30
  decide   auto|review

story: a range of numbers
why: from and to name everything between them
  customer ACME "Acme Industrie GmbH"
  open     RE-2025-4217 ACME 100.10 EUR
  open     RE-2025-4218 ACME 200.20 EUR
  open     RE-2025-4219 ACME 300.30 EUR
  open     RE-2025-4220 ACME 400.40 EUR
  open     RE-2025-4221 ACME 500.50 EUR
  payment  P-1  1001.00 EUR  from "Acme Industrie GmbH" ref "Rechnungen RE-2025-4217 bis 4220"
  allocate RE-2025-4217 100.10
  allocate RE-2025-4218 200.20
  allocate RE-2025-4219 300.30
  allocate RE-2025-4220 400.40
  decide   auto|review

story: short numbers joined by a plus
why: two invoices of the same day paid together (after a case of Accounted)
  customer ACME "Acme Industrie GmbH"
  open     A57 ACME 1250.00 SEK
  open     A58 ACME 730.00 SEK
  open     A59 ACME 90.00 SEK
  payment  P-1  1980.00 SEK  from "Acme Industrie" ref "A57 + A58"
  allocate A57 1250.00
  allocate A58 730.00
  decide   auto|review

story: no numbers, but only one set of the payer's items has that sum
why: a clerk with a calculator finds it too
  customer ACME "Acme Industrie GmbH"
  account  ACME DE89370400440532013000
  open     INV-1 ACME 117.31 EUR
  open     INV-2 ACME 242.18 EUR
  open     INV-3 ACME 391.77 EUR
  open     INV-4 ACME 508.02 EUR
  payment  P-1  633.95 EUR  from "Acme Industrie GmbH" account DE89370400440532013000 ref "Zahlung"
  allocate INV-2 242.18
  allocate INV-3 391.77
  decide   auto|review

story: two sets of items have the same sum
why: which one was paid is a person's decision
  customer ACME "Acme Industrie GmbH"
  account  ACME DE89370400440532013000
  open     INV-1 ACME 100.00 EUR
  open     INV-2 ACME 200.00 EUR
  open     INV-3 ACME 130.00 EUR
  open     INV-4 ACME 170.00 EUR
  payment  P-1  300.00 EUR  from "Acme Industrie GmbH" account DE89370400440532013000 ref "Zahlung"
  unapplied 0
  never    auto

story: one item of the exact amount comes before two that add up
why: the simple explanation is proposed, a person confirms it (after a test of Odoo)
  customer ACME "Acme Industrie GmbH"
  open     INV-1 ACME 100.00 EUR
  open     INV-2 ACME 200.00 EUR
  open     INV-3 ACME 300.00 EUR
  payment  P-1  300.00 EUR  from "Acme Industrie GmbH" ref "turlututu"
  allocate INV-3 300.00
  decide   auto|review

story: the whole balance of a customer in one go
why: everything that is open, to the cent
  customer ACME "Acme Industrie GmbH"
  open     INV-1 ACME 310.15 EUR
  open     INV-2 ACME 77.90 EUR
  open     INV-3 ACME 1204.00 EUR
  open     INV-4 ACME 58.33 EUR
  open     INV-5 ACME 910.00 EUR
  payment  P-1  2560.38 EUR  from "Acme Industrie GmbH" ref "Ausgleich aller offenen Posten"
  allocate INV-1 310.15
  allocate INV-2 77.90
  allocate INV-3 1204.00
  allocate INV-4 58.33
  allocate INV-5 910.00
  decide   auto|review

story: items of different customers never add up to one unknown payment
why: a stranger pays rent, and two invoices happen to have that sum (measured on reconcile-mcp: score 1.0)
  customer ALPH "Alpha Werke AG"
  customer BETA "Beta Handels AG"
  open     INV-1 ALPH 500.00 EUR
  open     INV-2 BETA 700.00 EUR
  payment  P-1  1200.00 EUR  from "Gamma Ltd" ref "rent"
  nothing
  unapplied 1200.00
  whose    nobody
  never    auto|dismissed

story: the remittance advice lists what was paid
why: it came in its own file and says it line by line
  customer ACME "Acme Industrie GmbH"
  open     INV-1 ACME 310.15 EUR
  open     INV-2 ACME 77.90 EUR
  open     INV-3 ACME 388.05 EUR
  payment  P-1  388.05 EUR  from "Acme Industrie GmbH" ref "see advice 5521"
  line     P-1  ref INV-1 amount 310.15
  line     P-1  ref INV-2 amount 77.90
  allocate INV-1 310.15
  allocate INV-2 77.90
  decide   auto|review
  reason   remittance_lines

story: the advice deducts for damaged goods
why: the cash is applied, the dispute stays open, and a person hears of it
  customer ACME "Acme Industrie GmbH"
  open     INV-1 ACME 3000.00 EUR
  payment  P-1  2875.00 EUR  from "Acme Industrie GmbH" ref "advice 5522"
  line     P-1  ref INV-1 amount 2875.00 deduction 125.00 reason "damaged in transit"
  allocate INV-1 2875.00
  deduction INV-1 125.00 disputed|short_payment
  unapplied 0
  never    auto

story: two invoices are named but the cash does not reach
why: the older one is settled first, the younger keeps the rest open
  customer ACME "Acme Industrie GmbH"
  open     INV-1 ACME 100.00 EUR issued 2025-02-03 due 2025-03-05
  open     INV-2 ACME 200.00 EUR issued 2025-03-03 due 2025-04-02
  payment  P-1  250.00 EUR  from "Acme Industrie GmbH" ref "INV-1 INV-2"
  allocate INV-1 100.00
  allocate INV-2 150.00
  unapplied 0
  decide   auto|review

story: three invoices of the same amount are all paid at once
why: equal items are no riddle when all of them are paid
  customer ACME "Acme Industrie GmbH"
  open     INV-1 ACME 49.90 EUR issued 2025-01-03 due 2025-02-02
  open     INV-2 ACME 49.90 EUR issued 2025-02-03 due 2025-03-05
  open     INV-3 ACME 49.90 EUR issued 2025-03-03 due 2025-04-02
  payment  P-1  149.70 EUR  from "Acme Industrie GmbH" ref "Januar bis Maerz"
  allocate INV-1 49.90
  allocate INV-2 49.90
  allocate INV-3 49.90
  decide   auto|review

story: purchase orders name two invoices
why: the buyer's books know orders only
  customer HILL "Hillside Products LLC"
  open     INV-07-005 HILL 9800.00 USD po PO-5533
  open     INV-07-006 HILL 9400.00 USD po PO-5541
  open     INV-07-009 HILL 9400.00 USD po PO-5542
  payment  P-1  19200.00 USD  from "HILLSIDE PRODUCTS LLC" ref "PO-5533 PO-5541"
  allocate INV-07-005 9800.00
  allocate INV-07-006 9400.00
  decide   auto|review

story: fifteen invoices are named
why: named items may be many; only unnamed sums are a gamble
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     RE-70001 ACME 101.01 EUR
  open     RE-70002 ACME 102.03 EUR
  open     RE-70003 ACME 103.07 EUR
  open     RE-70004 ACME 104.11 EUR
  open     RE-70005 ACME 105.13 EUR
  open     RE-70006 ACME 106.17 EUR
  open     RE-70007 ACME 107.19 EUR
  open     RE-70008 ACME 108.23 EUR
  open     RE-70009 ACME 109.29 EUR
  open     RE-70010 ACME 110.31 EUR
  open     RE-70011 ACME 111.37 EUR
  open     RE-70012 ACME 112.41 EUR
  open     RE-70013 ACME 113.43 EUR
  open     RE-70014 ACME 114.47 EUR
  open     RE-70015 ACME 115.53 EUR
  payment  P-1  1623.75 EUR from "Acme Industrie GmbH" ref "RE-70001 RE-70002 RE-70003 RE-70004 RE-70005 RE-70006 RE-70007 RE-70008 RE-70009 RE-70010 RE-70011 RE-70012 RE-70013 RE-70014 RE-70015"
  allocated 1623.75
  unapplied 0
  decide   auto|review
  without  too_many_items
