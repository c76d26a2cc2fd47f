-- What unchecked.sql has put aside is put back, and foreign keys are checked.

DO $$
DECLARE key record;
BEGIN
  FOR key IN SELECT * FROM filled LOOP
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', key.owner);
  END LOOP;
  FOR key IN SELECT * FROM foreign_keys LOOP
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', key.owner, key.name, key.definition);
  END LOOP;
END $$;
