-- Nothing reads the name any more once the window of the new version has closed. From here only new code can run.
ALTER TABLE credentials DROP COLUMN IF EXISTS issuer_name;
