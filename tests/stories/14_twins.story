# Items that are equal in everything but their number.

story: two monthly invoices of one customer, no number named
why: same customer, same amount; a person says which (Odoo takes the oldest, Matcher the lowest id)
  customer ACME "Acme Industrie GmbH"
  open     INV-1401 ACME 49.00 EUR issued 2025-02-03 due 2025-03-05
  open     INV-1402 ACME 49.00 EUR issued 2025-03-03 due 2025-04-02
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "Abo"
  allocate INV-1401|INV-1402 49.00
  never    auto

story: true twins under review
why: nothing tells them apart, so even a harmless swap is a person's decision
  policy   auto_threshold=0.5
  customer ACME "Acme Industrie GmbH"
  open     INV-1403 ACME 49.00 EUR
  open     INV-1404 ACME 49.00 EUR
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "Abo"
  allocate INV-1403|INV-1404 49.00
  decide   review
  reason   twins

story: true twins where the policy takes the oldest
why: the customer's balance is the same either way
  policy   auto_threshold=0.5 twins=oldest
  customer ACME "Acme Industrie GmbH"
  open     INV-1403 ACME 49.00 EUR
  open     INV-1404 ACME 49.00 EUR
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "Abo"
  allocate INV-1403 49.00
  decide   auto|review
  without  twins
  reason   twins_oldest

story: equal but for the due date is not equal
why: twins=oldest needs the same due date: interest and dunning hang on it
  policy   twins=oldest
  customer ACME "Acme Industrie GmbH"
  open     INV-1401 ACME 49.00 EUR issued 2025-02-03 due 2025-03-05
  open     INV-1402 ACME 49.00 EUR issued 2025-02-03 due 2025-04-02
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "Abo"
  allocate INV-1401|INV-1402 49.00
  never    auto

story: equal but for the purchase order is not equal
why: the buyer's books close one order, not the other
  policy   twins=oldest
  customer ACME "Acme Industrie GmbH"
  open     INV-1405 ACME 49.00 EUR po 4500011
  open     INV-1406 ACME 49.00 EUR po 4500012
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "Abo"
  allocate INV-1405|INV-1406 49.00
  never    auto

story: twins of two customers are never interchangeable
why: the wrong customer is the worst mistake there is
  policy   twins=oldest
  customer ACME "Acme Industrie GmbH"
  customer ACMI "Acme Industries Ltd"
  open     INV-1407 ACME 49.00 EUR
  open     INV-1408 ACMI 49.00 EUR
  payment  P-1  49.00 EUR  from "ACME" ref "Abo"
  never    auto

story: a twin that is named is no twin
why: the number says which
  customer ACME "Acme Industrie GmbH"
  open     INV-1409 ACME 49.00 EUR
  open     INV-1410 ACME 49.00 EUR
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "INV-1410"
  allocate INV-1410 49.00
  decide   auto|review
  without  twins

story: the month is named
why: "Februar" tells two monthly invoices apart, for a person to confirm or not
  customer ACME "Acme Industrie GmbH"
  open     INV-1411 ACME 49.00 EUR issued 2025-01-31 due 2025-03-02
  open     INV-1412 ACME 49.00 EUR issued 2025-02-28 due 2025-03-30
  payment  P-1  49.00 EUR  from "Acme Industrie GmbH" ref "Abo Februar 2025"
  allocate INV-1412 49.00
  decide   auto|review

story: two payments for two twins
why: together they are exact, one by one they are a riddle
gap: the second payment is taken for a duplicate of the first, as their texts say nothing
  customer ACME "Acme Industrie GmbH"
  open     INV-1413 ACME 49.00 EUR
  open     INV-1414 ACME 49.00 EUR
  payment  P-1  49.00 EUR  on 2025-03-20 from "Acme Industrie GmbH" ref "Abo" e2e E-1
  payment  P-2  49.00 EUR  on 2025-03-21 from "Acme Industrie GmbH" ref "Abo" e2e E-2
  then P-1
  allocate INV-1413|INV-1414 49.00
  never    auto
  then P-2
  allocate INV-1413|INV-1414 49.00
  never    auto

story: a damaged number tells which of two equal invoices is meant
why: a digit is lost, but of the open items only one is like what is left
  customer FALK "Falkenberg Stores GmbH"
  open     INV-2024-003298 FALK 99.00 EUR issued 2025-02-01 due 2025-03-03
  open     INV-2024-007451 FALK 99.00 EUR issued 2025-02-01 due 2025-03-03
  payment  P-1  99.00 EUR  on 2025-03-03 from "FALKENBERG STORES GMBH" ref "RECHNUNG INV202400329"
  allocate INV-2024-003298 99.00
  decide   auto|review

story: the date of the invoice tells which of two equal ones is meant
why: the month is spelt out, as people write dates
  customer FALK "Falkenberg Stores GmbH"
  open     INV-7001 FALK 99.00 EUR issued 2025-01-18 due 2025-02-17
  open     INV-7064 FALK 99.00 EUR issued 2025-02-18 due 2025-03-20
  payment  P-1  99.00 EUR  on 2025-03-03 from "FALKENBERG STORES GMBH" ref "invoice dated 18 Jan 2025"
  allocate INV-7001 99.00
  decide   auto|review
