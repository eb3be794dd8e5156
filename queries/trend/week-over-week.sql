-- title: Week over week with the normal band
-- description: Each hour against the same hour a week before and against its normal band: the median of that hour of
-- description: the week over the weeks before, and a robust spread around it. Counters as rates a second, gauges as
-- description: means; status and instance are summed up.
-- param: metric = .*_(requests|messages_received|messages_processed)_total regex "which metrics"
-- param: service = .* regex "which services"
-- param: split = stage,backend text "labels (two at most) that split a service into parts"
-- param: history = 4w duration "the weeks before an hour that make its band, as far as there is data"
-- param: show = 7d duration "how far back from the end of the range rows are shown"
-- param: width = 4 number "half the band's width in robust standard deviations"
-- needs: samples, series
-- chart: line x=ts y=value,low,high series=name
-- column: change unit=ratio

WITH
picked AS (
  SELECT series_id, metric,
    concat_ws('/', coalesce(labels['service'], labels['service_name'], labels['app'], labels['job'], '-'),
      labels[split_part($split, ',', 1)], labels[split_part($split, ',', 2)]) AS service,
    -- The parts of a histogram are counters too.
    coalesce(type, '') <> 'gauge' AND (coalesce(type, '') = 'counter' OR metric ~ '_(total|count|sum|bucket)$') AS is_counter
  FROM series WHERE metric ~ $metric
),
by_series AS (
  SELECT s.series_id, time_bucket('1h', s.ts) AS ts, rate(s.ts, s.value) AS rate,
    avg(s.value) FILTER (WHERE NOT isnan(s.value)) AS mean
  FROM (SELECT series_id FROM picked WHERE service ~ $service) AS p JOIN samples AS s ON s.series_id = p.series_id
  -- The weeks before the range count too; hours are UTC's, also where clocks change.
  WHERE s.ts >= $since - $history AND s.ts < $until
  GROUP BY 1, 2
),
hours AS (
  SELECT p.metric, p.service, b.ts, CAST(b.ts AS bigint) / 3600000000 % 168 AS hour_of_week,
    -- Rounded, since floats are not summed in the same order each time.
    round(sum(CASE WHEN p.is_counter THEN b.rate ELSE b.mean END), 9) AS value
  FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
  GROUP BY p.metric, p.service, b.ts
),
-- Each hour beside the same hours of the weeks before; NULL where there are none.
pairs AS (
  SELECT h.metric, h.service, h.ts, h.value, b.value AS earlier, b.ts = h.ts - INTERVAL '7 days' AS is_last_week
  FROM hours AS h
  LEFT JOIN hours AS b ON b.metric = h.metric AND b.service = h.service AND b.hour_of_week = h.hour_of_week
    AND b.ts < h.ts AND b.ts >= h.ts - $history
  WHERE h.ts >= $since AND h.value IS NOT NULL
),
middle AS (
  SELECT *, percentile(earlier, 0.5) OVER (PARTITION BY metric, service, ts) AS median FROM pairs
),
-- Few weeks tell little of one hour's spread; all hours together tell how far an
-- hour strays from its median, as a share of it.
spread AS (
  SELECT *, percentile(abs(earlier - median), 0.5) OVER (PARTITION BY metric, service, ts) AS own,
    percentile(abs(earlier - median) / nullif(abs(median), 0), 0.5) OVER (PARTITION BY metric, service) AS pooled
  FROM middle
),
banded AS (
  SELECT metric, service, ts, max(value) AS value, max(earlier) FILTER (WHERE is_last_week) AS week_before,
    max(median) AS median, count(earlier) AS weeks,
    -- 1.4826 makes the median deviation of a normal distribution its standard deviation.
    $width * 1.4826 * greatest(max(own), max(pooled) * abs(max(median))) AS half
  FROM spread
  WHERE ts >= $until - $show
  GROUP BY metric, service, ts
),
verdicts AS (
  SELECT *, median + half AS high,
    -- What cannot be negative has no band below zero.
    CASE WHEN median >= 0 THEN greatest(median - half, 0) ELSE median - half END AS low
  FROM banded
)
SELECT ts, concat_ws(' ', service, metric) AS name, value, week_before,
  value / nullif(week_before, 0) - 1 AS change, median, low, high, weeks,
  CASE WHEN value > high THEN 'above' WHEN value < low THEN 'below' WHEN median IS NOT NULL THEN 'normal' END AS verdict
FROM verdicts
ORDER BY ts, name
