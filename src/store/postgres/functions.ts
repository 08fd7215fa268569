/**
 * What the server does by itself, so that a commit of a runner is one question and one answer. Errors that are not the
 * server's have codes of their own.
 */

/** The SQLSTATE of a writer that is no longer the holder; its detail is the current epoch. */
export const FENCED = 'SV001';
/** The SQLSTATE of a unit that is not in a state for its event; its detail is the place of the event in the news. */
export const UNIT_CHANGED = 'SV002';

/**
 * Appends news to the journal of a job. `news` is a list of objects in the order of the events; `o` is the place of each,
 * from 1. What an event may find and what it leaves is in `store/unit-events.ts`. Units are changed one by one, by their
 * number: how many rows a list has is nothing that the server can plan by.
 */
export const APPEND_EVENTS = `
CREATE FUNCTION append_events(job integer, by_epoch integer, news json) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
  base bigint;
  left_out integer[] := '{}';
  n record;
BEGIN
  SELECT coalesce(max(e.sequence), 0) INTO base FROM unit_events e WHERE e.job_seq = job;
  FOR n IN SELECT e.* FROM json_to_recordset(news) AS e(o integer, number integer, type text, status text, count integer,
    at_ms bigint, receipt text, result text, error_code text, error_message text)
  LOOP
    UPDATE units u SET
      status = n.status,
      attempts = CASE n.type WHEN 'intent' THEN n.count ELSE u.attempts END,
      started_at_ms = CASE n.type WHEN 'intent' THEN n.at_ms ELSE u.started_at_ms END,
      finished_at_ms = CASE
        WHEN n.type IN ('intent', 'retry', 'taken_back') OR (n.type = 'settled' AND n.status = 'pending') THEN NULL
        WHEN n.type IN ('done', 'failed', 'settled') THEN n.at_ms
        ELSE u.finished_at_ms END,
      receipt = CASE n.type WHEN 'intent' THEN NULL ELSE coalesce(n.receipt, u.receipt) END,
      result = CASE n.type WHEN 'done' THEN n.result ELSE u.result END,
      error_code = CASE WHEN n.status = 'done' THEN NULL ELSE coalesce(n.error_code, u.error_code) END,
      error_message = CASE WHEN n.status = 'done' THEN NULL WHEN n.error_code IS NULL THEN u.error_message
        ELSE n.error_message END,
      event = base + n.o - cardinality(left_out)
    WHERE u.job_seq = job AND u.number = n.number AND CASE n.type
      WHEN 'intent' THEN u.status = 'pending'
      WHEN 'settled' THEN u.status IN ('in_doubt', 'needs_review', 'failed')
      WHEN 'taken_back' THEN u.status IN ('failed', 'pending')
        OR u.status = 'needs_review' AND u.receipt IS NULL AND n.receipt IS NOT NULL
      ELSE u.status = 'in_doubt' END;
    IF NOT FOUND AND n.type = 'taken_back' THEN
      left_out := left_out || n.o;
    ELSIF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = '${UNIT_CHANGED}', MESSAGE = 'a unit was changed', DETAIL = n.o::text;
    END IF;
  END LOOP;
  INSERT INTO unit_events (job_seq, sequence, number, attempt, event, epoch, at_ms, code, detail)
  SELECT job, base + row_number() OVER (ORDER BY e.o), e.number, e.count, e.type, by_epoch, e.at_ms, e.code, e.detail
  FROM json_to_recordset(news) AS e(o integer, number integer, type text, count integer, at_ms bigint, code text,
    detail text) WHERE e.o <> ALL (left_out);
END $body$;`;

/**
 * One commit of a runner: its epoch is checked first, while nobody can take the job, and the heart beats by the clock
 * that all hosts share. `beat_at_ms` is absent when it does not, and `printed` when the job's commands said nothing.
 */
export const COMMIT_UNITS = `
CREATE FUNCTION commit_units(job integer, by_epoch integer, news json, beat_at_ms bigint, channel text, printed text)
RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
  held integer;
BEGIN
  PERFORM FROM jobs j WHERE j.seq = job FOR UPDATE;
  SELECT max(l.epoch) INTO held FROM leases l WHERE l.job_seq = job;
  IF held IS DISTINCT FROM by_epoch THEN
    RAISE EXCEPTION USING ERRCODE = '${FENCED}', MESSAGE = 'the job is held by another', DETAIL = coalesce(held, 0)::text;
  END IF;
  IF news IS NOT NULL THEN PERFORM append_events(job, by_epoch, news); END IF;
  IF printed IS NOT NULL THEN INSERT INTO log_lines (job_seq, lines) VALUES (job, printed); END IF;
  IF beat_at_ms IS NOT NULL THEN
    UPDATE leases l SET heartbeat_at_ms = floor(extract(epoch FROM clock_timestamp()) * 1000)
    WHERE l.job_seq = job AND l.epoch = by_epoch;
    UPDATE jobs j SET active_at_ms = beat_at_ms WHERE j.seq = job;
    PERFORM pg_notify(channel, '');
  END IF;
END $body$;`;

/** The time of the server's clock, in epoch milliseconds: the one that all hosts share. */
export const NOW_MS = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
