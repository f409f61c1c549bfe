# More than the item.

story: the customer pays too much
why: the item is settled and the rest is the customer's cash (after tests of Odoo 16)
  customer BAY "Bayshore Freight LLC"
  open     INV-08-001 BAY 48000.00 USD
  payment  P-1  52000.00 USD  from "BAYSHORE FREIGHT LLC" ref "INV-08-001"
  allocate INV-08-001 48000.00
  unapplied 4000.00
  whose    BAY
  decide   auto|review
  reason   overpayment_on_account

story: the policy wants to see every overpayment
why: overpayment=review
  policy   auto_threshold=0.5 overpayment=review
  customer BAY "Bayshore Freight LLC"
  open     INV-08-001 BAY 48000.00 USD
  payment  P-1  48000.01 USD  from "BAYSHORE FREIGHT LLC" ref "INV-08-001"
  allocate INV-08-001 48000.00
  unapplied 0.01
  decide   review
  reason   overpayment_review

story: the exact amount passes under the same policy
why: overpayment=review speaks of too much only
  policy   auto_threshold=0.5 overpayment=review
  customer BAY "Bayshore Freight LLC"
  open     INV-08-001 BAY 48000.00 USD
  payment  P-1  48000.00 USD  from "BAYSHORE FREIGHT LLC" ref "INV-08-001"
  allocate INV-08-001 48000.00
  unapplied 0
  decide   auto

story: three cents too much are taken as income
why: overpayment=write_off_within_tolerance, below the boundary: a write-off of the other sign
  policy   auto_threshold=0.5 overpayment=write_off_within_tolerance tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-501 ACME 100.00 EUR
  payment  P-1  100.03 EUR  from "Acme Industrie GmbH" ref "INV-501"
  allocate INV-501 100.03
  write_off INV-501 -0.03 rounding|other
  unapplied 0
  decide   auto

story: exactly the tolerance too much
why: overpayment=write_off_within_tolerance, at the boundary
  policy   auto_threshold=0.5 overpayment=write_off_within_tolerance tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-501 ACME 100.00 EUR
  payment  P-1  100.05 EUR  from "Acme Industrie GmbH" ref "INV-501"
  allocate INV-501 100.05
  write_off INV-501 -0.05 rounding|other
  unapplied 0
  decide   auto

story: more too much than the tolerance
why: above the boundary nothing is taken from the customer; a person decides
  policy   auto_threshold=0.5 overpayment=write_off_within_tolerance tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-501 ACME 100.00 EUR
  payment  P-1  100.06 EUR  from "Acme Industrie GmbH" ref "INV-501"
  allocate INV-501 100.00
  unapplied 0.06
  never    auto

story: a tolerance does not take what belongs on account
why: overpayment=on_account keeps every cent for the customer, tolerance or not
  policy   auto_threshold=0.5 tolerance_amount=EUR:0.05
  customer ACME "Acme Industrie GmbH"
  open     INV-501 ACME 100.00 EUR
  payment  P-1  100.03 EUR  from "Acme Industrie GmbH" ref "INV-501"
  allocate INV-501 100.00
  unapplied 0.03
  decide   auto

story: too much for the named item is just enough for two
why: the rest is another item of the customer, to the cent
  customer ACME "Acme Industrie GmbH"
  open     INV-502 ACME 113.40 EUR
  open     INV-503 ACME 227.15 EUR
  open     INV-504 ACME 990.00 EUR
  payment  P-1  340.55 EUR  from "Acme Industrie GmbH" ref "INV-502 u.a."
  allocate INV-502 113.40
  allocate INV-503 227.15
  unapplied 0
  decide   auto|review

story: one percent too much under one percent tolerance stays on account
why: the tolerance is for what is short (after a test of Odoo)
  policy   auto_threshold=0.5 tolerance_percent=1
  customer ACME "Acme Industrie GmbH"
  open     123456 ACME 1000.00 EUR
  payment  P-1  1010.00 EUR  from "Acme Industrie GmbH" ref "123456"
  allocate 123456 1000.00
  unapplied 10.00
  decide   auto|review
