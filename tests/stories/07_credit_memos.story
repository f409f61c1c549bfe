# Credit memos netted.

story: an invoice less a credit memo, both named
why: the customer nets what we owe against what it owes
  customer PORT "Portside Trading Co."
  open     INV-08-002 PORT 38000.00 USD
  credit   CM-08-001  PORT  2500.00 USD issued 2025-02-20 due -
  payment  P-1  35500.00 USD  from "PORTSIDE TRADING CO" ref "INV-08-002 less CM-08-001 credit memo"
  allocate INV-08-002 38000.00
  allocate CM-08-001 -2500.00
  unapplied 0
  whose    PORT
  decide   auto|review

story: the credit memo is not named, but the net fits exactly
why: only the invoice less this credit memo gives the amount
  customer DOCK "Dockside Materials LLC"
  open     INV-08-004 DOCK 31000.00 USD
  credit   CM-08-002  DOCK  3700.00 USD issued 2025-02-28 due -
  payment  P-1  27300.00 USD  from "DOCKSIDE MATERIALS LLC" ref "INV-08-004"
  allocate INV-08-004 31000.00
  allocate CM-08-002 -3700.00
  unapplied 0
  decide   auto|review

story: two invoices and two credit memos in one payment
why: everything the customer has on its list, netted
  customer ACME "Acme Industrie GmbH"
  open     INV-701 ACME 812.40 EUR
  open     INV-702 ACME 455.10 EUR
  credit   GS-31   ACME 112.40 EUR
  credit   GS-32   ACME  55.10 EUR
  payment  P-1  1100.00 EUR  from "Acme Industrie GmbH" ref "INV-701 INV-702 ./. GS-31 GS-32"
  allocate INV-701 812.40
  allocate INV-702 455.10
  allocate GS-31 -112.40
  allocate GS-32 -55.10
  unapplied 0
  decide   auto|review

story: a payment of zero nets an invoice against a credit memo
why: the advice says that nothing will be paid because nothing is owed
  customer ACME "Acme Industrie GmbH"
  open     INV-703 ACME 200.00 EUR
  credit   GS-33   ACME 200.00 EUR
  payment  P-1  0.00 EUR  from "Acme Industrie GmbH" ref "Verrechnung INV-703 mit GS-33"
  allocate INV-703 200.00
  allocate GS-33 -200.00
  unapplied 0
  decide   auto|review

story: another customer's credit memo is not ours to use
why: a net that fits is no reason to spend somebody else's money
  customer ACME "Acme Industrie GmbH"
  customer BETA "Beta Handels AG"
  open     INV-704 ACME 1000.00 EUR
  credit   GS-34   BETA  150.00 EUR
  payment  P-1  850.00 EUR  from "Acme Industrie GmbH" ref "INV-704"
  spared   GS-34
  allocate INV-704 850.00

story: two credit memos of the same amount, one is used
why: which one is a person's decision
  customer ACME "Acme Industrie GmbH"
  open     INV-705 ACME 1000.00 EUR
  credit   GS-35   ACME  150.00 EUR issued 2025-02-03
  credit   GS-36   ACME  150.00 EUR issued 2025-02-17
  payment  P-1  850.00 EUR  from "Acme Industrie GmbH" ref "INV-705 abzgl. Gutschrift"
  allocate INV-705 1000.00
  allocate GS-35|GS-36 -150.00
  never    auto

story: an invoice of the parent less a credit memo of its subsidiary
why: groups net among themselves (a request to ALYF banking); a person may confirm it
  customer HOLD "Nordwind Holding SE"
  customer KIND "Nordwind Service GmbH" parent HOLD
  open     INV-706 HOLD 5000.00 EUR
  credit   GS-37   KIND  800.00 EUR
  payment  P-1  4200.00 EUR  from "Nordwind Holding SE" ref "INV-706 abzueglich GS-37"
  allocate INV-706 5000.00
  allocate GS-37 -800.00
  decide   auto|review

story: a credit memo that is only named does not make the invoice cheaper
why: the customer pays in full and keeps the credit for later
  customer ACME "Acme Industrie GmbH"
  open     INV-707 ACME 640.00 EUR
  credit   GS-38   ACME  90.00 EUR
  payment  P-1  640.00 EUR  from "Acme Industrie GmbH" ref "INV-707"
  allocate INV-707 640.00
  unapplied 0
  decide   auto|review
