-- title: Completeness of job runs
-- description: Rows received against rows expected by each run of each batch job, and whether that passes the gate. A
-- description: run that failed, or loaded nothing of what it received, does not pass it, however complete its input.
-- param: job = .* regex "which jobs"
-- param: gate = 0.98 number "share of the expected rows from which a run is complete"
-- param: success = success|succeeded|ok|completed regex "a status that means success"
-- needs: job_runs
-- chart: line x=scheduled_at y=completeness series=job unit=ratio
-- column: completeness unit=ratio
-- column: loaded unit=ratio

WITH runs AS (
  -- A stage's rows are what the stage before it handed over; what the run was to
  -- receive stands in the row that names an expectation, be it the run's or a stage's.
  SELECT job, run_id, min(scheduled_at) AS scheduled_at, min(started_at) AS started_at,
    max(rows_expected) AS rows_expected, max(ended_at) AS ended_at,
    coalesce(
      bool_and(status ~ $success) FILTER (WHERE coalesce(stage, '') = ''),
      bool_and(status ~ $success)
    ) AS succeeded,
    first_value(rows_in ORDER BY coalesce(stage, ''), started_at) FILTER (WHERE rows_expected IS NOT NULL) AS rows_in,
    first_value(rows_out ORDER BY coalesce(stage, ''), started_at) FILTER (WHERE rows_expected IS NOT NULL) AS rows_out
  FROM job_runs WHERE job ~ $job
  GROUP BY job, run_id
)
SELECT job, run_id, coalesce(scheduled_at, started_at) AS scheduled_at, rows_expected, rows_in, rows_out,
  CAST(rows_in AS double) / nullif(rows_expected, 0) AS completeness,
  rows_expected - rows_in AS missing,
  CAST(rows_out AS double) / nullif(rows_in, 0) AS loaded,
  CASE WHEN NOT succeeded AND ended_at IS NOT NULL THEN 'failed run'
    WHEN rows_out = 0 AND rows_in > 0 THEN 'nothing loaded'
    WHEN CAST(rows_in AS double) / nullif(rows_expected, 0) >= $gate THEN 'passed'
    WHEN rows_in IS NOT NULL THEN 'failed' END AS gate
FROM runs
WHERE rows_expected IS NOT NULL
  AND coalesce(scheduled_at, started_at) >= $since AND coalesce(scheduled_at, started_at) < $until
ORDER BY 3, job, run_id
