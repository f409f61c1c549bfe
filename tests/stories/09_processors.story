# Payouts of payment processors, net of their fees.

story: a payout of three sales with the fee of each
why: each customer paid in full; the fee is ours and documented line by line
  policy   auto_threshold=0.5
  customer C1 "Anna Berg"
  customer C2 "Bruno Cole"
  customer C3 "Carla Diaz"
  open     SO-9001 C1 100.00 EUR
  open     SO-9002 C2  50.00 EUR
  open     SO-9003 C3  80.00 EUR
  open     SO-9004 C3  33.00 EUR
  payment  P-1  223.30 EUR  from "STRIPE PAYMENTS EUROPE" ref "STRIPE PAYOUT po_1N2"
  line     P-1  ref SO-9001 amount 100.00 deduction 2.90 kind sale
  line     P-1  ref SO-9002 amount  50.00 deduction 1.50 kind sale
  line     P-1  ref SO-9003 amount  80.00 deduction 2.30 kind sale
  allocate SO-9001 97.10
  allocate SO-9002 48.50
  allocate SO-9003 77.70
  write_off SO-9001 2.90 processor_fee
  write_off SO-9002 1.50 processor_fee
  write_off SO-9003 2.30 processor_fee
  unapplied 0
  decide   auto|review

story: a payout with one fee for all sales
why: the fee is spread by the amounts of the sales, to the cent
  customer C1 "Anna Berg"
  customer C2 "Bruno Cole"
  open     SO-9001 C1 100.00 EUR
  open     SO-9002 C2  50.00 EUR
  payment  P-1  145.50 EUR  from "PAYPAL EUROPE" ref "PAYPAL AUSZAHLUNG"
  line     P-1  ref SO-9001 amount 100.00 kind sale
  line     P-1  ref SO-9002 amount  50.00 kind sale
  line     P-1  amount -4.50 kind fee
  allocate SO-9001 97.00
  allocate SO-9002 48.50
  write_off SO-9001 3.00 processor_fee
  write_off SO-9002 1.50 processor_fee
  unapplied 0
  decide   auto|review

story: a payout from which a refund was taken
why: the refund consumes the credit memo, the sale its invoice
  customer C1 "Anna Berg"
  customer C2 "Bruno Cole"
  open     SO-9001 C1 100.00 EUR
  credit   CN-77   C2  30.00 EUR
  payment  P-1  70.00 EUR  from "STRIPE PAYMENTS EUROPE" ref "STRIPE PAYOUT po_1N3"
  line     P-1  ref SO-9001 amount 100.00 kind sale
  line     P-1  ref CN-77   amount -30.00 kind refund
  allocate SO-9001 100.00
  allocate CN-77   -30.00
  unapplied 0
  decide   auto|review

story: a payout without its report
why: an amount a little below an open item is no evidence
  customer C1 "Anna Berg"
  open     SO-9001 C1 100.00 EUR
  payment  P-1  97.10 EUR  from "STRIPE PAYMENTS EUROPE" ref "STRIPE PAYOUT po_1N4"
  never    auto|dismissed

story: a report that does not add up to the cash
why: something is missing, so a person asks the processor
  customer C1 "Anna Berg"
  customer C2 "Bruno Cole"
  open     SO-9001 C1 100.00 EUR
  open     SO-9002 C2  50.00 EUR
  payment  P-1  120.00 EUR  from "STRIPE PAYMENTS EUROPE" ref "STRIPE PAYOUT po_1N5"
  line     P-1  ref SO-9001 amount 100.00 deduction 2.90 kind sale
  line     P-1  ref SO-9002 amount  50.00 deduction 1.50 kind sale
  never    auto

story: the gateway says which customer paid
why: customer_id on the payment is better than any name
  customer C1 "Anna Berg"
  customer C2 "Anna Berger"
  open     SO-9005 C1 120.00 EUR
  open     SO-9006 C2 120.00 EUR
  payment  P-1  120.00 EUR  customer C2 ref "card payment"
  allocate SO-9006 120.00
  whose    C2
  decide   auto|review
