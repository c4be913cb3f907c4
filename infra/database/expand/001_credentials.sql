-- The table as the first version of CredLink's API knows it.
CREATE TABLE IF NOT EXISTS credentials (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset       text        NOT NULL,
  issuer_name text        NOT NULL,
  issued_at   timestamptz NOT NULL DEFAULT now()
);
