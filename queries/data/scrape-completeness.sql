-- title: Completeness of scraped series
-- description: Samples received against what each series' own usual interval makes expected between its first and
-- description: its last sample, by what was scraped. Least complete first.
-- param: source = .* regex "which jobs and services"
-- param: metric = .* regex "which metrics"
-- needs: samples, series
-- chart: bar x=source y=completeness unit=ratio
-- column: completeness unit=ratio
-- column: least_complete unit=ratio
-- column: usual_interval unit=s

WITH
picked AS (
  SELECT series_id, metric, coalesce(labels['job'], labels['service'], labels['service_name'], labels['app'], '-') AS source
  FROM series WHERE metric ~ $metric
),
-- Times in µs: numbers are quicker than intervals.
by_hour AS (
  SELECT s.series_id, time_bucket('1h', s.ts) AS hour, count(*) AS n,
    CAST(min(s.ts) AS bigint) AS first_at, CAST(max(s.ts) AS bigint) AS last_at
  FROM (SELECT series_id FROM picked WHERE source ~ $source) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- A stale marker (NaN) is not a sample.
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
  GROUP BY 1, 2
),
by_series AS (
  -- The median of the hours' mean intervals, which gaps do not move and which
  -- needs no sort; series slower than three samples an hour have one mean.
  SELECT series_id, sum(n) AS received, max(last_at) - min(first_at) AS length,
    coalesce(
      percentile(CAST(last_at - first_at AS double) / (n - 1), 0.5) FILTER (WHERE n >= 3),
      CAST(max(last_at) - min(first_at) AS double) / (sum(n) - 1)
    ) AS usual_step
  FROM by_hour GROUP BY series_id HAVING sum(n) > 1
),
expectations AS (
  SELECT p.source, p.metric, b.received, b.usual_step, round(b.length / b.usual_step) + 1 AS expected
  FROM by_series AS b JOIN picked AS p ON p.series_id = b.series_id
  WHERE b.usual_step > 0
)
SELECT source, count(*) AS series, CAST(sum(expected) AS bigint) AS expected, sum(received) AS received,
  CAST(sum(greatest(expected - received, 0)) AS bigint) AS missing,
  sum(least(received, expected)) / sum(expected) AS completeness,
  min(least(received, expected) / expected) AS least_complete,
  first_value(metric ORDER BY received / expected, metric) AS least_complete_metric,
  percentile(usual_step, 0.5) / 1e6 AS usual_interval
FROM expectations
GROUP BY source
ORDER BY completeness, source
