# What the policy keeps for people: amounts, dates, numbers of items, holds.

story: a large payment is never posted without a person
why: max_auto_amount, above the boundary
  policy   auto_threshold=0.5 max_auto_amount=EUR:10000.00
  customer ACME "Acme Industrie GmbH"
  open     INV-7 ACME 12500.00 EUR
  payment  P-3  12500.00 EUR  from "Acme Industrie GmbH" ref "INV-7"
  allocate INV-7 12500.00
  unapplied 0
  decide   review
  reason   amount_above_limit

story: a payment of exactly the limit
why: max_auto_amount, at the boundary
  policy   auto_threshold=0.5 max_auto_amount=EUR:10000.00
  customer ACME "Acme Industrie GmbH"
  open     INV-7 ACME 10000.00 EUR
  payment  P-3  10000.00 EUR  from "Acme Industrie GmbH" ref "INV-7"
  allocate INV-7 10000.00
  decide   auto

story: a cent above the limit
why: max_auto_amount, just above the boundary
  policy   auto_threshold=0.5 max_auto_amount=EUR:10000.00
  customer ACME "Acme Industrie GmbH"
  open     INV-7 ACME 10000.01 EUR
  payment  P-3  10000.01 EUR  from "Acme Industrie GmbH" ref "INV-7"
  allocate INV-7 10000.01
  decide   review

story: a limit in euro does not bind dollars
why: max_auto_amount is by currency
  policy   auto_threshold=0.5 max_auto_amount=EUR:10000.00
  customer ACME "Acme Industrie Corp"
  open     INV-7 ACME 12500.00 USD
  payment  P-3  12500.00 USD  from "Acme Industrie Corp" ref "INV-7"
  allocate INV-7 12500.00
  decide   auto

story: a limit without a currency binds all of them
why: ten thousand yen are reached sooner than ten thousand euro
  policy   auto_threshold=0.5 max_auto_amount=10000
  customer KYO "Kyoto Optics KK"
  open     JP-11 KYO 12000 JPY
  payment  P-1  12000 JPY  from "Kyoto Optics KK" ref "JP-11"
  allocate JP-11 12000
  decide   review
  reason   amount_above_limit

story: above this amount two people must agree
why: four_eyes_amount, above the boundary; a machine is not two people
  policy   auto_threshold=0.5 four_eyes_amount=EUR:5000.00
  customer ACME "Acme Industrie GmbH"
  open     INV-7 ACME 5000.01 EUR
  payment  P-3  5000.01 EUR  from "Acme Industrie GmbH" ref "INV-7"
  allocate INV-7 5000.01
  decide   review
  reason   four_eyes_required

story: up to this amount nobody else is asked
why: four_eyes_amount, at the boundary
  policy   auto_threshold=0.5 four_eyes_amount=EUR:5000.00
  customer ACME "Acme Industrie GmbH"
  open     INV-7 ACME 5000.00 EUR
  payment  P-3  5000.00 EUR  from "Acme Industrie GmbH" ref "INV-7"
  allocate INV-7 5000.00
  decide   auto

story: paid on the last day of the window
why: late_days from the due date, at the boundary
  policy   auto_threshold=0.5 late_days=30
  customer ACME "Acme Industrie GmbH"
  open     INV-1501 ACME 480.00 EUR issued 2025-01-03 due 2025-02-02
  payment  P-1  480.00 EUR  on 2025-03-04 from "Acme Industrie GmbH" ref "INV-1501"
  allocate INV-1501 480.00
  decide   auto

story: paid a day after the window
why: late_days, above the boundary
  policy   auto_threshold=0.5 late_days=30
  customer ACME "Acme Industrie GmbH"
  open     INV-1501 ACME 480.00 EUR issued 2025-01-03 due 2025-02-02
  payment  P-1  480.00 EUR  on 2025-03-05 from "Acme Industrie GmbH" ref "INV-1501"
  allocate INV-1501 480.00
  decide   review
  reason   too_late

story: paid a day before the invoice was issued, a day is allowed
why: early_days from the issue date, at the boundary
  policy   auto_threshold=0.5 early_days=1
  customer ACME "Acme Industrie GmbH"
  open     INV-1502 ACME 480.00 EUR issued 2025-03-29 due 2025-04-28
  payment  P-1  480.00 EUR  on 2025-03-28 from "Acme Industrie GmbH" ref "INV-1502"
  allocate INV-1502 480.00
  decide   auto

story: paid two days before the invoice was issued, a day is allowed
why: early_days, above the boundary
  policy   auto_threshold=0.5 early_days=1
  customer ACME "Acme Industrie GmbH"
  open     INV-1502 ACME 480.00 EUR issued 2025-03-30 due 2025-04-29
  payment  P-1  480.00 EUR  on 2025-03-28 from "Acme Industrie GmbH" ref "INV-1502"
  allocate INV-1502 480.00
  decide   review
  reason   too_early

story: a payment by proforma arrives before the invoice is written
why: without a window there is nothing wrong with paying early
  customer ACME "Acme Industrie GmbH"
  open     INV-1503 ACME 480.00 EUR issued 2025-03-31 due 2025-04-30
  payment  P-1  480.00 EUR  on 2025-03-28 from "Acme Industrie GmbH" ref "INV-1503"
  allocate INV-1503 480.00
  decide   auto|review

story: a year late is still paid
why: old debts are paid too (Stripe skips what is a month overdue)
  customer ACME "Acme Industrie GmbH"
  open     INV-0099 ACME 480.00 EUR issued 2024-02-01 due 2024-03-02
  payment  P-1  480.00 EUR  on 2025-03-28 from "Acme Industrie GmbH" ref "INV-0099"
  allocate INV-0099 480.00
  decide   auto|review

story: as many items as the policy allows
why: max_items_per_payment for named items, at the boundary
  policy   auto_threshold=0.5 max_items_per_payment=named:3,unnamed:2
  customer ACME "Acme Industrie GmbH"
  open     RE-7101 ACME 101.01 EUR
  open     RE-7102 ACME 202.02 EUR
  open     RE-7103 ACME 303.03 EUR
  open     RE-7104 ACME 404.04 EUR
  payment  P-1  606.06 EUR  from "Acme Industrie GmbH" ref "RE-7101 RE-7102 RE-7103"
  allocate RE-7101 101.01
  allocate RE-7102 202.02
  allocate RE-7103 303.03
  without  too_many_items
  decide   auto|review

story: one item more than the policy allows
why: max_items_per_payment for named items, above the boundary
  policy   auto_threshold=0.5 max_items_per_payment=named:2,unnamed:2
  customer ACME "Acme Industrie GmbH"
  open     RE-7101 ACME 101.01 EUR
  open     RE-7102 ACME 202.02 EUR
  open     RE-7103 ACME 303.03 EUR
  open     RE-7104 ACME 404.04 EUR
  payment  P-1  606.06 EUR  from "Acme Industrie GmbH" ref "RE-7101 RE-7102 RE-7103"
  never    auto

story: unnamed items may be fewer
why: max_items_per_payment for items found only by their sum, above the boundary
  policy   auto_threshold=0.5 max_items_per_payment=named:200,unnamed:2
  customer ACME "Acme Industrie GmbH"
  open     RE-7101 ACME 117.31 EUR
  open     RE-7102 ACME 242.18 EUR
  open     RE-7103 ACME 391.77 EUR
  payment  P-1  751.26 EUR  from "Acme Industrie GmbH" ref "alles"
  never    auto

story: a disputed invoice
why: never automatic, whatever the confidence
  policy   auto_threshold=0.5
  customer RED "Redstone Materials LLC"
  open     INV-03-002 RED 48000.00 USD status disputed
  payment  P-1  48000.00 USD  from "REDSTONE MATERIALS LLC" ref "INV-03-002"
  allocate INV-03-002 48000.00
  decide   review
  reason   disputed_item

story: an invoice on hold
why: never automatic: a court, a sanctions list or a missing report holds it
  policy   auto_threshold=0.5
  customer ZARK "Zarkon Trading FZE"
  open     INV-03-001 ZARK 125000.00 USD status on_hold
  payment  P-1  125000.00 USD  from "ZARKON TRADING FZE" ref "INV-03-001"
  allocate INV-03-001 125000.00
  decide   review
  reason   item_on_hold

story: a payment on hold
why: never automatic: compliance looks at it first
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-1505 ACME 480.00 EUR
  payment  P-1  480.00 EUR  from "Acme Industrie GmbH" ref "INV-1505" hold sanctions
  allocate INV-1505 480.00
  decide   review
  reason   payment_hold

story: one disputed invoice among two
why: the whole payment waits
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-1506 ACME 100.00 EUR
  open     INV-1507 ACME 200.00 EUR status disputed
  payment  P-1  300.00 EUR  from "Acme Industrie GmbH" ref "INV-1506 INV-1507"
  allocate INV-1506 100.00
  allocate INV-1507 200.00
  decide   review
  reason   disputed_item

story: nothing is certain enough for this policy
why: auto_threshold=null closes nothing
  policy   auto_threshold=null
  customer ACME "Acme Industrie GmbH"
  open     INV-1508 ACME 480.00 EUR
  payment  P-1  480.00 EUR  from "Acme Industrie GmbH" ref "INV-1508"
  allocate INV-1508 480.00
  decide   review
  reason   below_threshold

story: an invoice without a due date is not late
why: late_days counts from a due date; where there is none the window cannot be missed
  policy   auto_threshold=0.5 late_days=30
  customer ACME "Acme Industrie GmbH"
  open     INV-1509 ACME 480.00 EUR due -
  payment  P-1  480.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1509"
  allocate INV-1509 480.00
  decide   auto
  without  too_late
