# Less than the item: partial payments, instalments, fees, cents.

story: a part is paid and the number is named
why: cash is applied, the rest stays open, nothing is given away
  customer ACME "Acme Industrie GmbH"
  open     INV-401 ACME 1000.00 EUR
  payment  P-1  400.00 EUR  from "Acme Industrie GmbH" ref "INV-401 Anzahlung"
  allocate INV-401 400.00
  unapplied 0
  decide   auto|review
  reason   partial_payment|deduction_short_payment

story: the policy lets no part pass without a person
why: partial=review, at the boundary of anything less than all
  policy   auto_threshold=0.5 partial=review
  customer ACME "Acme Industrie GmbH"
  open     INV-401 ACME 1000.00 EUR
  payment  P-1  400.00 EUR  from "Acme Industrie GmbH" ref "INV-401 Anzahlung"
  allocate INV-401 400.00
  decide   review
  reason   partial_review

story: under the same policy the whole still closes
why: partial=review speaks of parts only
  policy   auto_threshold=0.5 partial=review
  customer ACME "Acme Industrie GmbH"
  open     INV-401 ACME 1000.00 EUR
  payment  P-1  1000.00 EUR  from "Acme Industrie GmbH" ref "INV-401"
  allocate INV-401 1000.00
  decide   auto

story: an instalment that was agreed
why: the plan says so, the amount is its first part
  customer VALL "Valley Distribution LLC"
  open     INV-06-005 VALL 62400.00 USD issued 2025-01-02 due 2025-04-30
  instalment INV-06-005 2025-02-01 15600.00
  instalment INV-06-005 2025-03-01 15600.00
  instalment INV-06-005 2025-04-01 15600.00
  instalment INV-06-005 2025-04-30 15600.00
  payment  P-1  15600.00 USD  on 2025-01-30 from "VALLEY DISTRIBUTION LLC" ref "INV-06-005 installment 1 of 4"
  allocate INV-06-005 15600.00
  unapplied 0
  decide   auto|review

story: the second instalment after the first
why: what is open is the rest, what is due is one part
  customer HARB "Harbor Tech Solutions"
  open     INV-01-008 HARB 40200.00 USD issued 2025-01-15 due 2025-04-15
  instalment INV-01-008 2025-02-15 13400.00
  instalment INV-01-008 2025-03-15 13400.00
  instalment INV-01-008 2025-04-15 13400.00
  payment  P-0  13400.00 USD  on 2025-02-14 from "HARBOR TECH SOLUTIONS" ref "INV-01-008 installment 1 of 3"
  paid     P-0 INV-01-008 13400.00 at 2025-02-15T08:00:00Z by clerk
  payment  P-1  13400.00 USD  on 2025-03-14 from "HARBOR TECH SOLUTIONS" ref "INV-01-008 installment 2 of 3"
  allocate INV-01-008 13400.00
  unapplied 0
  decide   auto|review

story: a cent is missing and nobody allowed it
why: without tolerance a person decides what a cent is
  policy   auto_threshold=0.8
  customer ACME "Acme Industrie GmbH"
  open     INV-402 ACME 100.00 EUR
  payment  P-1  99.99 EUR  from "Acme Industrie GmbH" ref "INV-402"
  allocated 99.99
  never    auto

story: a cent is missing and the tolerance allows it
why: below the boundary of tolerance_amount
  policy   auto_threshold=0.5 tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-402 ACME 100.00 EUR
  payment  P-1  99.99 EUR  from "Acme Industrie GmbH" ref "INV-402"
  allocate INV-402 99.99
  write_off INV-402 0.01 rounding
  unapplied 0
  decide   auto

story: exactly the tolerance is missing
why: boundaries are inclusive
  policy   auto_threshold=0.5 tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-402 ACME 100.00 EUR
  payment  P-1  99.95 EUR  from "Acme Industrie GmbH" ref "INV-402"
  allocate INV-402 99.95
  write_off INV-402 0.05 rounding|bank_fee|other
  decide   auto

story: a cent more than the tolerance is missing
why: above the boundary a person decides
  policy   auto_threshold=0.8 tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-402 ACME 100.00 EUR
  payment  P-1  99.94 EUR  from "Acme Industrie GmbH" ref "INV-402"
  allocated 99.94
  never    auto

story: one percent is missing, one percent is tolerated
why: percent is percent, not a hundred times that (a bug of Blnk), and the boundary is inclusive
  policy   auto_threshold=0.5 tolerance_percent=1
  customer ACME "Acme Industrie GmbH"
  open     INV-403 ACME 1000.00 EUR
  payment  P-1  990.00 EUR  from "Acme Industrie GmbH" ref "INV-403"
  allocate INV-403 990.00
  write_off INV-403 10.00 bank_fee|rounding|other
  decide   auto

story: a cent more than one percent is missing
why: above the boundary of tolerance_percent
  policy   auto_threshold=0.95 tolerance_percent=1
  customer ACME "Acme Industrie GmbH"
  open     INV-403 ACME 1000.00 EUR
  payment  P-1  989.99 EUR  from "Acme Industrie GmbH" ref "INV-403"
  allocated 989.99
  never    auto

story: half a percent is tolerated, one percent is missing
why: not enough tolerance (after a test of Odoo)
  policy   auto_threshold=0.8 tolerance_percent=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-403 ACME 1000.00 EUR
  payment  P-1  990.00 EUR  from "Acme Industrie GmbH" ref "turlututu INV-403"
  allocated 990.00
  never    auto

story: where percent and amount are both set the smaller applies
why: ten euro are one percent, but five euro are the limit
  policy   auto_threshold=0.8 tolerance_percent=1 tolerance_amount=EUR:5.00
  customer ACME "Acme Industrie GmbH"
  open     INV-403 ACME 1000.00 EUR
  payment  P-1  990.00 EUR  from "Acme Industrie GmbH" ref "INV-403"
  allocated 990.00
  never    auto

story: the smaller of both is kept
why: five euro are within five euro and within one percent
  policy   auto_threshold=0.5 tolerance_percent=1 tolerance_amount=EUR:5.00
  customer ACME "Acme Industrie GmbH"
  open     INV-403 ACME 1000.00 EUR
  payment  P-1  995.00 EUR  from "Acme Industrie GmbH" ref "INV-403"
  allocate INV-403 995.00
  write_off INV-403 5.00 bank_fee|rounding|other
  decide   auto

story: a tolerance in euro says nothing about yen
why: an amount holds for the currency it is in
  policy   auto_threshold=0.8 tolerance_amount=EUR:50.00
  customer KYO "Kyoto Optics KK"
  open     JP-11 KYO 12000 JPY
  payment  P-1  11990 JPY  from "Kyoto Optics KK" ref "JP-11"
  allocated 11990
  never    auto

story: a wire comes twenty-five dollars short and the policy allows that
why: banks between the banks take their share; the difference is named and written off
  policy   auto_threshold=0.5 tolerance_amount=USD:25.00
  customer EAST "Eastern Supply Group"
  open     INV-01-005 EAST 10000.00 USD
  payment  P-1  9975.00 USD  from "EASTERN SUPPLY GROUP" ref "INV-01-005" code WIRE
  allocate INV-01-005 9975.00
  write_off INV-01-005 25.00 bank_fee|other
  unapplied 0
  decide   auto

story: a wire comes twenty-five dollars short and nothing was allowed
why: the tolerance is zero by default; a person says whether it was the bank
  policy   auto_threshold=0.8
  customer EAST "Eastern Supply Group"
  open     INV-01-005 EAST 10000.00 USD
  payment  P-1  9975.00 USD  from "EASTERN SUPPLY GROUP" ref "INV-01-005" code WIRE
  allocated 9975.00
  never    auto

story: the bank says what it charged
why: charges on the statement line explain the difference, the tolerance still decides
  policy   auto_threshold=0.5 tolerance_amount=EUR:15.00
  customer ACME "Acme Industrie GmbH"
  open     INV-404 ACME 2000.00 EUR
  payment  P-1  1988.00 EUR  from "Acme Industrie GmbH" ref "INV-404" charges 12.00
  allocate INV-404 1988.00
  write_off INV-404 12.00 bank_fee
  decide   auto

story: the machine may write off two euro, a clerk fifty
why: max_write_off_amount by role; at three euro a clerk is asked, tolerance or not
  policy   auto_threshold=0.5 tolerance_amount=EUR:5.00 max_write_off_amount=auto:2.00,clerk:50.00
  customer ACME "Acme Industrie GmbH"
  open     INV-405 ACME 500.00 EUR
  payment  P-1  497.00 EUR  from "Acme Industrie GmbH" ref "INV-405"
  allocated 497.00
  decide   review
  reason   write_off_above_limit

story: exactly what the machine may write off
why: at the boundary of max_write_off_amount
  policy   auto_threshold=0.5 tolerance_amount=EUR:5.00 max_write_off_amount=auto:2.00,clerk:50.00
  customer ACME "Acme Industrie GmbH"
  open     INV-405 ACME 500.00 EUR
  payment  P-1  498.00 EUR  from "Acme Industrie GmbH" ref "INV-405"
  allocate INV-405 498.00
  write_off INV-405 2.00 bank_fee|rounding|other
  decide   auto
