-- Issuers get an identifier of their own. Old code does not know the column and leaves it empty; new code fills it, and
-- may leave the name empty, so the name is no longer required.
ALTER TABLE credentials ADD COLUMN IF NOT EXISTS issuer_id text;
ALTER TABLE credentials ALTER COLUMN issuer_name DROP NOT NULL;

-- Built inside the transaction, so writers wait for it; a migration that builds a large index is one of its own.
CREATE INDEX IF NOT EXISTS credentials_issuer_id ON credentials (issuer_id) WHERE issuer_id IS NOT NULL;
