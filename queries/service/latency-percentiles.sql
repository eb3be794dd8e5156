-- title: Latency percentiles by service
-- description: p50, p90, p95, p99 and p99.9 on one graph, from the buckets of each histogram of latency, with the
-- description: mean, which hides the tail.
-- param: service = .* regex "which services"
-- param: split = stage,backend,endpoint,operation text "labels (four at most) that split a service into parts"
-- param: bucket = 1h duration "width of a row; several scrape intervals"
-- param: latency = .*_(seconds|milliseconds|ms) regex "histograms of latency, without _bucket"
-- needs: samples, series
-- chart: line x=ts y=p50,p95,p99 series=service unit=s
-- column: requests unit=1/s
-- column: mean unit=s
-- column: p50 unit=s
-- column: p90 unit=s
-- column: p95 unit=s
-- column: p99 unit=s
-- column: p999 unit=s

WITH
picked AS (
  SELECT series_id, labels['le'] AS le, regexp_replace(metric, '^.*_', '') AS part,
    regexp_replace(metric, '_(bucket|sum|count)$', '') AS stem,
    concat_ws('/',
      coalesce(labels['service'], labels['service_name'], labels['app'], labels['job'], '-'),
      labels[split_part($split, ',', 1)], labels[split_part($split, ',', 2)],
      labels[split_part($split, ',', 3)], labels[split_part($split, ',', 4)]) AS service,
    CASE WHEN metric ~ '_(milliseconds|ms)_(bucket|sum|count)$' THEN 1000.0 ELSE 1.0 END AS per_second
  FROM series
  -- A summary has _sum and _count too, but no buckets.
  WHERE metric ~ '_(bucket|sum|count)$'
    AND concat(regexp_replace(metric, '_(bucket|sum|count)$', ''), '_bucket') IN (SELECT metric FROM series)
    AND regexp_replace(metric, '_(bucket|sum|count)$', '') ~ $latency
),
-- By series first, labels after: much quicker than grouping by labels.
by_series AS (
  SELECT s.series_id, time_bucket($bucket, s.ts) AS ts, increase(s.ts, s.value) AS increase, rate(s.ts, s.value) AS rate
  FROM (SELECT series_id FROM picked WHERE service ~ $service) AS p JOIN samples AS s ON s.series_id = p.series_id
  WHERE s.ts >= $since AND s.ts < $until
  GROUP BY 1, 2
)
-- Rounded, since floats are not summed in the same order each time.
SELECT b.ts, p.service, p.stem AS histogram,
  round(sum(b.rate) FILTER (WHERE p.part = 'count'), 9) AS requests,
  round(sum(b.increase) FILTER (WHERE p.part = 'sum')
    / nullif(sum(b.increase) FILTER (WHERE p.part = 'count'), 0) / max(p.per_second), 9) AS mean,
  histogram_quantile(0.5, p.le, b.increase) FILTER (WHERE p.part = 'bucket') / max(p.per_second) AS p50,
  histogram_quantile(0.9, p.le, b.increase) FILTER (WHERE p.part = 'bucket') / max(p.per_second) AS p90,
  histogram_quantile(0.95, p.le, b.increase) FILTER (WHERE p.part = 'bucket') / max(p.per_second) AS p95,
  histogram_quantile(0.99, p.le, b.increase) FILTER (WHERE p.part = 'bucket') / max(p.per_second) AS p99,
  histogram_quantile(0.999, p.le, b.increase) FILTER (WHERE p.part = 'bucket') / max(p.per_second) AS p999
FROM picked AS p JOIN by_series AS b ON b.series_id = p.series_id
GROUP BY b.ts, p.service, p.stem
ORDER BY b.ts, p.service, p.stem
