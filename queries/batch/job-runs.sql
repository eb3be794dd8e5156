-- title: Job runs against their deadline
-- description: Each run of each batch job: how long it queued, how long it ran, and whether its data was there by the
-- description: deadline ("fresh by 09:00"). A deadline is met if any of its runs, retries included, had succeeded by then.
-- param: job = .* regex "which jobs"
-- param: deadline = 09:00 text "time of day by which a run must have succeeded: the first after it was scheduled"
-- param: zone = UTC text "time zone of the deadline"
-- param: success = success|succeeded|ok|completed regex "a status that means success"
-- needs: job_runs
-- chart: line x=scheduled_at y=queue_wait,run_time series=job unit=s
-- column: queue_wait unit=s
-- column: run_time unit=s
-- column: slack unit=s
-- column: deadlines_met unit=ratio

WITH
-- Rows of stages belong to their run; a run without a row of its own is made of them.
runs AS (
  SELECT job, run_id, min(scheduled_at) AS scheduled_at, min(started_at) AS started_at, max(ended_at) AS ended_at,
    coalesce(
      max(status) FILTER (WHERE coalesce(stage, '') = ''),
      max(status) FILTER (WHERE NOT status ~ $success),
      max(status)
    ) AS status
  FROM job_runs WHERE job ~ $job
  GROUP BY job, run_id
),
due AS (
  SELECT *, coalesce(scheduled_at, started_at) AS at,
    time_bucket('1d', coalesce(scheduled_at, started_at), $zone)
      + CAST(concat(split_part($deadline, ':', 1), ' hours ', split_part(concat($deadline, ':0'), ':', 2), ' minutes') AS interval) AS today
  FROM runs
),
judged AS (
  SELECT *, CASE WHEN at < today THEN today ELSE today + INTERVAL '1 day' END AS deadline,
    status ~ $success AS succeeded
  FROM due WHERE at >= $since AND at < $until
),
verdicts AS (
  SELECT *,
    CASE WHEN succeeded AND ended_at <= deadline THEN 'on time'
      WHEN succeeded THEN 'late'
      WHEN ended_at IS NULL AND deadline > $until THEN 'running'
      WHEN ended_at IS NULL THEN 'late, running'
      ELSE 'failed' END AS verdict
  FROM judged
),
-- A retry that makes it saves the deadline: each deadline counts once.
deadlines AS (
  SELECT *, bool_or(verdict = 'on time') OVER d AS met, bool_or(verdict = 'running') OVER d AS open,
    1.0 / count(*) OVER d AS weight
  FROM verdicts WINDOW d AS (PARTITION BY job, deadline)
)
SELECT job, run_id, scheduled_at, status, verdict,
  extract(epoch FROM started_at - scheduled_at) AS queue_wait,
  extract(epoch FROM ended_at - started_at) AS run_time,
  started_at, ended_at, deadline,
  -- Negative: so much too late.
  extract(epoch FROM deadline - ended_at) AS slack,
  met AS deadline_met,
  sum(weight) FILTER (WHERE met) OVER j / nullif(sum(weight) FILTER (WHERE met OR NOT open) OVER j, 0) AS deadlines_met
FROM deadlines WINDOW j AS (PARTITION BY job)
ORDER BY at, job, run_id
