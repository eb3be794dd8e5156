-- title: Metrics
-- description: What the store has: each metric with its type, labels, number of series and samples, and its range.
-- param: metric = .* regex "which metrics"
-- needs: series

WITH
named AS (
  SELECT metric, count(*) AS series, max(nullif(type, '')) AS stated, max(nullif(unit, '')) AS unit,
    array_to_string(array_sort(array_distinct(flatten(array_agg(map_keys(labels))))), ', ') AS labels
  FROM series WHERE metric ~ $metric
  GROUP BY metric
),
-- By series first: quicker than by the name.
counted AS (
  SELECT p.metric, sum(b.samples) AS samples, min(b.first_at) AS first_at, max(b.last_at) AS last_at
  FROM (
    SELECT s.series_id, count(*) AS samples, min(s.ts) AS first_at, max(s.ts) AS last_at
    FROM (SELECT series_id FROM series WHERE metric ~ $metric) AS q JOIN samples AS s ON s.series_id = q.series_id
    WHERE s.ts >= $since AND s.ts < $until
    GROUP BY s.series_id
  ) AS b
  JOIN series AS p ON p.series_id = b.series_id
  GROUP BY p.metric
)
SELECT n.metric,
  coalesce(n.stated, CASE
    WHEN n.metric LIKE '%\_bucket' THEN 'histogram'
    WHEN n.metric ~ '_(total|count|sum)$' THEN 'counter'
    ELSE 'gauge' END) AS type,
  -- Many exports do not say what they count: then the name does.
  CASE WHEN n.stated IS NULL THEN 'name' ELSE 'export' END AS type_from,
  coalesce(n.unit, (regexp_match(n.metric,
    '_(seconds|milliseconds|bytes|ratio|percent|celsius|volts|amperes|joules|grams|meters)(_total|_sum|_bucket)?$'))[1]) AS unit,
  n.series, n.labels, coalesce(c.samples, 0) AS samples, c.first_at, c.last_at
FROM named AS n LEFT JOIN counted AS c ON c.metric = n.metric
ORDER BY n.metric
