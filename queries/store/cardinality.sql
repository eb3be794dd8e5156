-- title: Cardinality
-- description: Which metrics have most series, which of their labels makes them many, and how many samples that is.
-- param: metric = .* regex "which metrics"
-- param: top = 30 integer "how many metrics"
-- needs: series
-- chart: bar x=metric y=series
-- column: share unit=ratio

WITH
labelled AS (
  SELECT metric, entry['key'] AS label, count(DISTINCT entry['value']) AS "values"
  FROM (SELECT metric, unnest(map_entries(labels)) AS entry FROM series WHERE metric ~ $metric)
  GROUP BY 1, 2
),
widest AS (
  SELECT metric, first_value(label ORDER BY "values" DESC, label) AS widest_label, max("values") AS label_values,
    array_to_string(array_agg(concat(label, ':', "values") ORDER BY "values" DESC, label), ' ') AS labels
  FROM labelled GROUP BY metric
),
counted AS (
  SELECT s.series_id, count(*) AS samples
  FROM (SELECT series_id FROM series WHERE metric ~ $metric) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY s.series_id
),
metrics AS (
  SELECT p.metric, count(*) AS series, count(c.series_id) AS active, sum(c.samples) AS samples
  FROM (SELECT series_id, metric FROM series WHERE metric ~ $metric) AS p
  LEFT JOIN counted AS c ON c.series_id = p.series_id
  GROUP BY p.metric
)
SELECT m.metric, m.series, CAST(m.series AS double) / sum(m.series) OVER () AS share,
  -- Fewer than there are series: the others had no samples in the range.
  m.active, w.widest_label, w.label_values, w.labels, coalesce(m.samples, 0) AS samples
FROM metrics AS m LEFT JOIN widest AS w ON w.metric = m.metric
ORDER BY m.series DESC, samples DESC, m.metric
LIMIT $top
