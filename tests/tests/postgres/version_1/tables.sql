-- Tables of version 1, with a record of every kind, as the statements of version 1 wrote them: made by
-- `pg_dump --inserts --no-owner --no-privileges --schema=version_1`. `records.txt` beside it is what
-- version 1 listed at 2026-01-01 00:01:40.123456 UTC.
CREATE SCHEMA version_1;
CREATE SEQUENCE version_1.effect_fence
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE version_1.effect_records (
    action_id bytea NOT NULL,
    revision bigint NOT NULL,
    status text NOT NULL,
    applied boolean DEFAULT false NOT NULL,
    fence bigint NOT NULL,
    claim_id bytea NOT NULL,
    input_hash bytea,
    action_type text NOT NULL,
    scope text NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    lease_us bigint NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    keep_ms bigint NOT NULL,
    retain_ms bigint,
    over_at timestamp with time zone,
    format integer DEFAULT 1 NOT NULL,
    payload text,
    watched boolean DEFAULT false NOT NULL,
    CONSTRAINT effect_records_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'success'::text, 'failed'::text, 'released'::text, 'in_doubt'::text])))
)
WITH (fillfactor='70');
CREATE TABLE version_1.effect_store (
    one integer NOT NULL,
    version integer NOT NULL,
    CONSTRAINT effect_store_one_check CHECK ((one = 1))
);
INSERT INTO version_1.effect_records VALUES ('\x405cf2eda2b4b0ea34048a9692856469905f781c7c8f9964e7a00e9748301fd6', 1, 'pending', false, 1, '\x8df0c0a84320806216a41f7367c6d28c', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', NULL, 90000, NULL, NULL, 1, NULL, false);
INSERT INTO version_1.effect_records VALUES ('\x1e73fd87fdfb7548a88bd23e7cb8e2e768c9ea7101c87dd8be98552578b34b41', 2, 'success', false, 2, '\xed6219a79baccaaecacbc238ced61e9b', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', '2026-01-01 00:01:35.123456+00', 90000, NULL, NULL, 1, '{"receipt":"r 1"}', false);
INSERT INTO version_1.effect_records VALUES ('\x12a101ac40eb0818e9a5fa66f8c1088f447afe41f4bd757be977da147ac004b2', 2, 'success', false, 3, '\xb8666b20a4468cc94025c39ef12ab531', '\x0404040404040404040404040404040404040404040404040404040404040404', 'charge', 'tenant 4', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', '2026-01-01 00:01:35.123456+00', 90000, 3600000, '2026-01-01 01:01:35.123456+00', 2, '[some notation]', false);
INSERT INTO version_1.effect_records VALUES ('\xaf6da5a91de682a70295bbba1b5e316a65d1a9dc847f2a1357ad4c0ea6044e29', 2, 'failed', false, 4, '\x742120ce04708bde6cc1fcdff477b96f', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', '2026-01-01 00:01:35.123456+00', 90000, NULL, NULL, 1, '"card declined"', false);
INSERT INTO version_1.effect_records VALUES ('\xb212070cbcc1a63a2a16b46e339a6b2bdd8bb51694296c360c3b895577db0ec4', 2, 'released', false, 5, '\x0726f2461a0ce968eab600ba340ca2b2', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', '2026-01-01 00:01:35.123456+00', 90000, NULL, NULL, 1, NULL, false);
INSERT INTO version_1.effect_records VALUES ('\x396e4a8f74179095da2404611de43733357b051087f133231645772e2e08a333', 2, 'in_doubt', false, 6, '\x1ea1f4bc51c48946123b243d5c1f4951', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', NULL, 90000, NULL, NULL, 1, '{"reason":"connection reset by peer"}', false);
INSERT INTO version_1.effect_records VALUES ('\x8d6269b26939fe17decb1c0d4ee811b4c8ccbeab894b3eeed7433018f57ec0df', 2, 'in_doubt', true, 7, '\x9d1f1ec8e3106a8f8306e8f9f23df433', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', NULL, 90000, NULL, NULL, 1, '{"reason":"the result is too long"}', false);
INSERT INTO version_1.effect_records VALUES ('\xd2e0e245b9e2c446ad7d1fa04fed176f4a75c1a21ee1f4298096609d251d4ac4', 4, 'pending', false, 8, '\x4ffe07279a4d39e1a3c44e46e9cf7940', NULL, 'charge', '', '2026-01-01 00:02:23.123456+00', 45000000, 3, '2026-01-01 00:01:35.123456+00', NULL, 90000, NULL, NULL, 1, NULL, true);
INSERT INTO version_1.effect_records VALUES ('\x95fe492c3be843a9a08edbbe6aec83e0e4794b55ea7346176b92a76ec63f48a9', 2, 'success', false, 9, '\xdbe2f36101aa27a863c83fda806b905a', NULL, 'charge', '', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', '2026-01-01 00:01:35.123456+00', 0, 1000, '2026-01-01 00:01:36.123456+00', 1, '10', false);
INSERT INTO version_1.effect_records VALUES ('\x0b8447d0d58ff3910b69b8b98d1ab5601f8e0d29cfd1254103e456787df8d5bb', 2, 'success', false, 10, '\xe59366b723acacf61ef0d9094c87b367', NULL, 'odd\0type\\0', 'sco''pe\\', '2026-01-01 00:00:30.123456+00', 30000000, 0, '2026-01-01 00:00:00.123456+00', '2026-01-01 00:01:35.123456+00', 30000, NULL, NULL, 1, '"Grüße 🦀\u0000"', false);
INSERT INTO version_1.effect_records VALUES ('\x075620d5ea9ca25b9d59c6afabf57b57aec87d91047262b0d2846ef085b1d216', 3, 'success', false, 12, '\x89ab7bff977eeb2de9be57626dbd9a8e', NULL, 'charge', '', '2026-01-01 00:01:38.123456+00', 30000000, 0, '2026-01-01 00:00:00.123+00', '2026-01-01 00:01:38.123456+00', 90000, NULL, NULL, 1, '12', false);
INSERT INTO version_1.effect_records VALUES ('\x8ec4920545273eef156b3c898d9f4661e8d5d1717e8cd763c85b20b25b633d86', 2, 'success', false, 13, '\xeb8e75bf4144aa6c7c62694a04aa0db9', NULL, 'charge', '', '2026-01-01 00:01:38.123456+00', 30000000, 0, '2026-01-01 00:01:35.123456+00', '2026-01-01 00:01:38.123456+00', 90000, NULL, NULL, 1, '"long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long "', false);
INSERT INTO version_1.effect_records VALUES ('\xcbdde80699fbaf0a79c8f06c13a0f66f01b2949f9fb4e2164e3768d30da0ce2b', 1, 'pending', false, 14, '\x94f3de06a73bd982a42716954683ae05', '\x0101010101010101010101010101010101010101010101010101010101010101', 'charge', 'tenant 1', '2026-01-01 00:02:05.123456+00', 30000000, 0, '2026-01-01 00:01:35.123456+00', NULL, 90000, NULL, NULL, 1, NULL, false);
INSERT INTO version_1.effect_records VALUES ('\xd412fd6df6cb2a3f136898638e7aac2a9b00c31a7a63b7ecdceccd720d142088', 1, 'pending', false, 15, '\xb14078870d587ae3e2f067d4b6c6583a', NULL, 'charge', '', '2026-01-01 00:11:35.123456+00', 600000000, 0, '2026-01-01 00:01:35.123456+00', NULL, 90000, 60000, NULL, 1, NULL, false);
INSERT INTO version_1.effect_store VALUES (1, 1);
SELECT pg_catalog.setval('version_1.effect_fence', 15, true);
ALTER TABLE ONLY version_1.effect_records
    ADD CONSTRAINT effect_records_pkey PRIMARY KEY (action_id);
ALTER TABLE ONLY version_1.effect_store
    ADD CONSTRAINT effect_store_pkey PRIMARY KEY (one);
CREATE INDEX effect_records_over ON version_1.effect_records USING btree (over_at) WHERE (over_at IS NOT NULL);
