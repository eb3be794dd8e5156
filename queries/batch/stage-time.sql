-- title: Time by stage of batch jobs
-- description: How long each stage of each job takes, what share of the run that is, and how much of it is tail.
-- description: Slowest first.
-- param: job = .* regex "which jobs"
-- param: success = success|succeeded|ok|completed regex "a status that means success"
-- needs: job_runs
-- chart: bar x=stage y=p50,p95 unit=s
-- column: mean unit=s
-- column: p50 unit=s
-- column: p95 unit=s
-- column: longest unit=s
-- column: share unit=ratio
-- column: course sparkline
-- column: rows_per_second unit=1/s

WITH stages AS (
  SELECT job, stage, run_id, started_at, rows_in, status,
    extract(epoch FROM ended_at - started_at) AS seconds
  FROM job_runs
  WHERE job ~ $job AND coalesce(stage, '') <> '' AND started_at >= $since AND started_at < $until
)
SELECT concat(job, '/', stage) AS stage, count(*) AS runs, count(*) FILTER (WHERE NOT status ~ $success) AS failed,
  round(avg(seconds), 6) AS mean, percentile(seconds, 0.5) AS p50, percentile(seconds, 0.95) AS p95, max(seconds) AS longest,
  first_value(run_id ORDER BY seconds DESC, run_id) AS longest_run,
  round(sum(seconds) / nullif(sum(sum(seconds)) OVER (PARTITION BY job), 0), 9) AS share,
  array_agg(seconds ORDER BY started_at) AS course,
  round(sum(rows_in) / nullif(sum(seconds), 0), 6) AS rows_per_second
FROM stages
GROUP BY job, stages.stage
ORDER BY sum(seconds) DESC, 1
