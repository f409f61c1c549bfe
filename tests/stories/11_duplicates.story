# The same thing twice.

story: the statement shows the same entry twice
why: one money, two lines: the second line is dismissed whatever the policy says
  customer ACME "Acme Industrie GmbH"
  open     INV-1101 ACME 310.00 EUR
  payment  P-1  310.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1101" e2e E-501
  payment  P-2  310.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1101" e2e E-501
  then P-1
  allocate INV-1101 310.00
  decide   auto|review
  then P-2
  nothing
  decide   dismissed
  reason   duplicate_statement_line

story: the customer pays an invoice a second time
why: it is real cash: it stays on the customer's account and a person refunds it
  customer ACME "Acme Industrie GmbH"
  open     INV-1102 ACME 310.00 EUR
  payment  P-0  310.00 EUR  on 2025-03-10 from "Acme Industrie GmbH" ref "INV-1102" e2e E-601
  paid     P-0 INV-1102 310.00 at 2025-03-10T12:00:00Z by clerk
  payment  P-1  310.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1102" e2e E-602
  nothing
  unapplied 310.00
  whose    ACME
  decide   review
  reason   duplicate_payment

story: both payments of one invoice are new
why: one settles, the other is paid twice; neither is lost and nothing is paid beyond its balance
  customer SUMM "Summit Wholesale Inc."
  open     INV-06-004 SUMM 34500.00 USD
  payment  P-1  34500.00 USD  on 2025-03-08 from "SUMMIT WHOLESALE INC" ref "INV-06-004" e2e A-1
  payment  P-2  34500.00 USD  on 2025-03-15 from "SUMMIT WHOLESALE INC" ref "INV-06-004" e2e A-2
  then P-1
  allocate INV-06-004 34500.00
  decide   auto|review
  then P-2
  nothing
  whose    SUMM
  decide   review
  reason   duplicate_payment

story: a second payment that could be for another item
why: the settled number is named, but the same amount is open elsewhere: a person decides
  customer ACME "Acme Industrie GmbH"
  open     INV-1103 ACME 310.00 EUR issued 2025-02-03 due 2025-03-05
  open     INV-1104 ACME 310.00 EUR issued 2025-03-03 due 2025-04-02
  payment  P-0  310.00 EUR  on 2025-03-04 from "Acme Industrie GmbH" ref "INV-1103" e2e E-601
  paid     P-0 INV-1103 310.00 at 2025-03-04T12:00:00Z by clerk
  payment  P-1  310.00 EUR  on 2025-03-28 from "Acme Industrie GmbH" ref "INV-1103" e2e E-602
  unapplied 310.00|0
  never    auto

story: the same amount every month is no duplicate
why: a subscription is paid again because it is invoiced again
  customer ACME "Acme Industrie GmbH"
  open     INV-1105 ACME 49.00 EUR issued 2025-02-03 due 2025-03-05
  open     INV-1106 ACME 49.00 EUR issued 2025-03-03 due 2025-04-02
  payment  P-0  49.00 EUR  on 2025-02-27 from "Acme Industrie GmbH" ref "INV-1105" e2e E-1
  paid     P-0 INV-1105 49.00 at 2025-02-27T12:00:00Z by clerk
  payment  P-1  49.00 EUR  on 2025-03-27 from "Acme Industrie GmbH" ref "INV-1106" e2e E-2
  allocate INV-1106 49.00
  decide   auto|review
  without  duplicate_payment

story: two equal payments on one day for two equal invoices
why: both name their own item, so both are real
  customer ACME "Acme Industrie GmbH"
  open     INV-1107 ACME 75.00 EUR
  open     INV-1108 ACME 75.00 EUR
  payment  P-1  75.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1107" e2e E-11
  payment  P-2  75.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "INV-1108" e2e E-12
  then P-1
  allocate INV-1107 75.00
  decide   auto|review
  then P-2
  allocate INV-1108 75.00
  decide   auto|review
