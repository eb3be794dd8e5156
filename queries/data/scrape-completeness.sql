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
steps AS (
  SELECT s.series_id, CAST(s.ts AS bigint) AS ts,
    CAST(s.ts AS bigint) - lag(CAST(s.ts AS bigint)) OVER (PARTITION BY s.series_id ORDER BY s.ts) AS step
  FROM (SELECT series_id FROM picked WHERE source ~ $source) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- A stale marker (NaN) is not a sample.
  WHERE s.ts >= $since AND s.ts < $until AND NOT isnan(s.value)
),
-- Steps of one length are counted: quicker than sorting all for their median.
lengths AS (SELECT series_id, step, count(*) AS n FROM steps GROUP BY series_id, step),
ranked AS (
  SELECT *, sum(n) FILTER (WHERE step IS NOT NULL) OVER (PARTITION BY series_id ORDER BY step) AS up_to,
    sum(n) FILTER (WHERE step IS NOT NULL) OVER (PARTITION BY series_id) AS steps
  FROM lengths
),
by_series AS (
  -- The median, which gaps do not move.
  SELECT series_id, sum(n) AS received, sum(step * n) AS length, min(step) FILTER (WHERE 2 * up_to >= steps) AS usual_step
  FROM ranked GROUP BY series_id
),
expectations AS (
  SELECT p.source, p.metric, b.received, b.usual_step, round(CAST(b.length AS double) / b.usual_step) + 1 AS expected
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
