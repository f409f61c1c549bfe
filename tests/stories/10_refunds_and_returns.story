# Money that goes back.

story: a refund pays out a credit memo
why: what we owed is settled by our own payment
  customer ACME "Acme Industrie GmbH"
  open     INV-1001 ACME 400.00 EUR
  credit   GS-1001  ACME 120.00 EUR
  payment  P-1  -120.00 EUR  from "Acme Industrie GmbH" ref "Erstattung GS-1001" kind refund
  allocate GS-1001 -120.00
  unapplied 0
  kind     refund
  decide   auto|review

story: a refund that nobody marked as one
why: money out to a customer with a credit memo of that amount
  customer ACME "Acme Industrie GmbH"
  credit   GS-1001  ACME 120.00 EUR
  open     INV-1001 ACME 400.00 EUR
  payment  P-1  -120.00 EUR  from "Acme Industrie GmbH" ref "Gutschrift GS-1001"
  allocate GS-1001 -120.00
  unapplied 0
  decide   auto|review

story: the bank returns a direct debit and says which
why: the return undoes exactly what the payment had settled
  customer ACME "Acme Industrie GmbH"
  open     INV-1002 ACME 250.00 EUR
  payment  P-0  250.00 EUR  on 2025-03-10 from "Acme Industrie GmbH" ref "INV-1002" e2e E-77
  paid     P-0 INV-1002 250.00 at 2025-03-10T12:00:00Z by clerk
  payment  P-1  -250.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "RUECKLASTSCHRIFT MS03" kind return related P-0
  allocate INV-1002 -250.00
  related  P-0
  kind     return
  decide   auto|review

story: a returned debit recognised by its words and its id
why: the bank marks nothing, but the end-to-end id is that of the payment
  customer ACME "Acme Industrie GmbH"
  open     INV-1002 ACME 250.00 EUR
  open     INV-1003 ACME 250.00 EUR
  payment  P-0  250.00 EUR  on 2025-03-10 from "Acme Industrie GmbH" ref "INV-1002" e2e E-77
  paid     P-0 INV-1002 250.00 at 2025-03-10T12:00:00Z by clerk
  payment  P-1  -250.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "RETOURE SEPA LASTSCHRIFT MANGELS DECKUNG" e2e E-77
  allocate INV-1002 -250.00
  related  P-0
  kind     return
  decide   auto|review

story: a returned payment had settled two invoices
why: both open again
  customer ACME "Acme Industrie GmbH"
  open     INV-1004 ACME 100.00 EUR
  open     INV-1005 ACME 150.00 EUR
  payment  P-0  250.00 EUR  on 2025-03-10 from "Acme Industrie GmbH" ref "INV-1004 INV-1005" e2e E-78
  paid     P-0 INV-1004 100.00 at 2025-03-10T12:00:00Z by clerk
  paid     P-0 INV-1005 150.00 at 2025-03-10T12:00:00Z by clerk
  payment  P-1  -250.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "RETURNED ITEM" kind return related P-0
  allocate INV-1004 -100.00
  allocate INV-1005 -150.00
  related  P-0
  decide   auto|review

story: two payments could have been returned
why: same customer, same amount, no id: a person looks
  customer ACME "Acme Industrie GmbH"
  open     INV-1006 ACME 90.00 EUR
  open     INV-1007 ACME 90.00 EUR
  payment  P-0  90.00 EUR  on 2025-03-06 from "Acme Industrie GmbH" ref "INV-1006"
  paid     P-0 INV-1006 90.00 at 2025-03-06T12:00:00Z by clerk
  payment  P-00 90.00 EUR  on 2025-03-07 from "Acme Industrie GmbH" ref "INV-1007"
  paid     P-00 INV-1007 90.00 at 2025-03-07T12:00:00Z by clerk
  payment  P-1  -90.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "RETURN" kind return
  never    auto

story: a return of something we never saw
why: nothing can be undone, and money is missing: a person looks
  customer ACME "Acme Industrie GmbH"
  open     INV-1008 ACME 90.00 EUR
  payment  P-1  -75.00 EUR  from "Acme Industrie GmbH" ref "RETURN" kind return
  nothing
  decide   review
  reason   original_unknown

story: a cardholder charges a payment back
why: the bank takes the money and the invoice is open again
  customer ACME "Acme Industrie GmbH"
  open     SO-1009 ACME 60.00 EUR
  payment  P-0  60.00 EUR  on 2025-03-06 from "Acme" ref "SO-1009" e2e ch_331
  paid     P-0 SO-1009 60.00 at 2025-03-06T12:00:00Z by clerk
  payment  P-1  -60.00 EUR  on 2025-03-20 ref "CHARGEBACK ch_331" kind chargeback
  allocate SO-1009 -60.00
  related  P-0
  kind     chargeback
  decide   auto|review
  reason   chargeback

story: the bank adds its fee to the return
why: the invoice opens by what it was paid, the fee is not the invoice's
  customer ACME "Acme Industrie GmbH"
  open     INV-1010 ACME 200.00 EUR
  payment  P-0  200.00 EUR  on 2025-03-06 from "Acme Industrie GmbH" ref "INV-1010" e2e E-90
  paid     P-0 INV-1010 200.00 at 2025-03-06T12:00:00Z by clerk
  payment  P-1  -203.50 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "RUECKLASTSCHRIFT ENTGELT 3,50" e2e E-90 kind return related P-0
  allocate INV-1010 -200.00
  unapplied -3.50
  related  P-0

story: after a return the invoice can be paid again
why: the return re-opened it
  customer ACME "Acme Industrie GmbH"
  open     INV-1011 ACME 250.00 EUR
  payment  P-0  250.00 EUR  on 2025-03-06 from "Acme Industrie GmbH" ref "INV-1011" e2e E-91
  paid     P-0 INV-1011 250.00 at 2025-03-06T12:00:00Z by clerk
  payment  P-00 -250.00 EUR  on 2025-03-10 from "Acme Industrie GmbH" ref "RETURN" kind return related P-0
  paid     P-00 INV-1011 -250.00 at 2025-03-10T12:00:00Z by clerk
  payment  P-1  250.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1011 nochmal" e2e E-92
  allocate INV-1011 250.00
  unapplied 0
  decide   auto|review
  without  duplicate_payment

story: payment, return and second payment arrive in the same file
why: a month of statements comes late; each line still finds its place
  customer ACME "Acme Industrie GmbH"
  open     INV-1012 ACME 250.00 EUR
  payment  P-1  250.00 EUR  on 2025-03-06 from "Acme Industrie GmbH" ref "INV-1012" e2e E-93
  payment  P-2  -250.00 EUR  on 2025-03-10 from "Acme Industrie GmbH" ref "RETURN E-93" e2e E-93 kind return related P-1
  payment  P-3  250.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1012" e2e E-94
  then P-2
  related  P-1
  never    dismissed
  then P-3
  never    dismissed

story: a chargeback that was won comes back
why: the representment pays the invoice that the chargeback had opened
  customer ACME "Acme Industrie GmbH"
  open     SO-1013 ACME 60.00 EUR
  payment  P-0  60.00 EUR  on 2025-03-01 from "Acme" ref "SO-1013" e2e ch_41
  paid     P-0 SO-1013 60.00 at 2025-03-01T12:00:00Z by clerk
  payment  P-00 -60.00 EUR  on 2025-03-10 ref "CHARGEBACK ch_41" kind chargeback related P-0
  paid     P-00 SO-1013 -60.00 at 2025-03-10T12:00:00Z by clerk
  payment  P-1  60.00 EUR  on 2025-03-25 ref "CHARGEBACK REVERSAL ch_41" kind representment related P-00
  allocate SO-1013 60.00
  unapplied 0
  decide   auto|review
