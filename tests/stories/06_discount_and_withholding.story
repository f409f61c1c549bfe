# Early-payment discounts and withheld tax.

story: two percent discount within its date
why: terms grant it, so no tolerance is needed
  policy   auto_threshold=0.5
  customer DELT "Delta Components Corp"
  open     INV-01-004 DELT 32500.00 USD discount 2 until 2025-03-13
  payment  P-1  31850.00 USD  on 2025-03-10 from "DELTA COMPONENTS CORP" ref "INV-01-004 2% early pay discount taken"
  allocate INV-01-004 31850.00
  write_off INV-01-004 650.00 early_payment_discount
  unapplied 0
  decide   auto
  reason   write_off_early_payment_discount

story: the discount on its last day
why: the date is inclusive
  policy   auto_threshold=0.5
  customer DELT "Delta Components Corp"
  open     INV-01-004 DELT 32500.00 USD discount 2 until 2025-03-13
  payment  P-1  31850.00 USD  on 2025-03-13 from "DELTA COMPONENTS CORP" ref "INV-01-004"
  allocate INV-01-004 31850.00
  write_off INV-01-004 650.00 early_payment_discount
  decide   auto

story: the discount a day late
why: it is no longer granted: the cash is applied and the rest stays open
  policy   auto_threshold=0.5
  customer DELT "Delta Components Corp"
  open     INV-01-004 DELT 32500.00 USD discount 2 until 2025-03-13
  payment  P-1  31850.00 USD  on 2025-03-14 from "DELTA COMPONENTS CORP" ref "INV-01-004 2% discount"
  allocate INV-01-004 31850.00
  deduction INV-01-004 650.00 short_payment
  unapplied 0
  decide   auto|review

story: the discount a day late in the books, in time by the value day
why: granted or not, nothing is sure enough to close by itself where the two days disagree
  customer DELT "Delta Components Corp"
  open     INV-01-004 DELT 32500.00 USD discount 2 until 2025-03-13
  payment  P-1  31850.00 USD  on 2025-03-14 value 2025-03-13 from "DELTA COMPONENTS CORP" ref "INV-01-004 2% discount"
  allocated 31850.00
  unapplied 0
  decide   review

story: an invoice with a discount is paid in full
why: a discount is an offer, not a duty
  customer DELT "Delta Components Corp"
  open     INV-01-004 DELT 32500.00 USD discount 2 until 2025-03-13
  payment  P-1  32500.00 USD  on 2025-03-10 from "DELTA COMPONENTS CORP" ref "INV-01-004"
  allocate INV-01-004 32500.00
  unapplied 0
  decide   auto|review

story: the discount is on the net amount only
why: discount_base says what the percentage is of
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-601 ACME 1190.00 EUR discount 2 until 2025-03-17 discount_base 1000.00 tax 190.00
  payment  P-1  1170.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "INV-601 abzgl. Skonto"
  allocate INV-601 1170.00
  write_off INV-601 20.00 early_payment_discount
  decide   auto

story: a discount that does not come out even
why: three percent of 33.33 is a euro after rounding to the cent
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-602 ACME 33.33 EUR discount 3 until 2025-03-17
  payment  P-1  32.33 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "INV-602 Skonto"
  allocate INV-602 32.33
  write_off INV-602 1.00 early_payment_discount
  decide   auto

story: two invoices in one payment, both with discount
why: each item gives its own
  customer ACME "Acme Industrie GmbH"
  open     INV-603 ACME 400.00 EUR discount 2 until 2025-03-17
  open     INV-604 ACME 600.00 EUR discount 2 until 2025-03-17
  payment  P-1  980.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "INV-603 INV-604 -2%"
  allocate INV-603 392.00
  allocate INV-604 588.00
  write_off INV-603 8.00 early_payment_discount
  write_off INV-604 12.00 early_payment_discount
  unapplied 0
  decide   auto|review

story: two invoices in one payment, one still with discount
why: the first discount date is past
  customer ACME "Acme Industrie GmbH"
  open     INV-603 ACME 400.00 EUR issued 2025-02-03 due 2025-03-05 discount 2 until 2025-02-17
  open     INV-604 ACME 600.00 EUR issued 2025-03-03 due 2025-04-02 discount 2 until 2025-03-17
  payment  P-1  988.00 EUR  on 2025-03-14 from "Acme Industrie GmbH" ref "INV-603 INV-604 abz. Skonto"
  allocate INV-603 400.00
  allocate INV-604 588.00
  write_off INV-604 12.00 early_payment_discount
  unapplied 0
  decide   auto|review

story: tax is withheld at source
why: it stays open as a receivable from the tax office and is never written off
  customer TCS "Tata Consulting Partners"
  open     INV-611 TCS 100000.00 INR
  payment  P-1  90000.00 INR  from "Tata Consulting Partners" ref "INV-611 less TDS 10%"
  allocate INV-611 90000.00
  deduction INV-611 10000.00 withholding
  unapplied 0
  decide   auto|review

story: the advice names the withheld tax
why: a line of the advice says what the difference is
  customer TCS "Tata Consulting Partners"
  open     INV-611 TCS 100000.00 INR
  payment  P-1  98000.00 INR  from "Tata Consulting Partners" ref "advice 77"
  line     P-1  ref INV-611 amount 98000.00 deduction 2000.00 reason withholding
  allocate INV-611 98000.00
  deduction INV-611 2000.00 withholding
  decide   auto|review

story: a tolerance does not swallow withheld tax
why: withholding lies outside tolerances
  policy   auto_threshold=0.5 tolerance_percent=10
  customer TCS "Tata Consulting Partners"
  open     INV-611 TCS 100000.00 INR
  payment  P-1  98000.00 INR  from "Tata Consulting Partners" ref "advice 77"
  line     P-1  ref INV-611 amount 98000.00 deduction 2000.00 reason withholding
  allocate INV-611 98000.00
  deduction INV-611 2000.00 withholding
