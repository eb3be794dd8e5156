-- title: Log volume by level and service
-- description: Log records of each service in each bucket by severity, and the share that are errors.
-- param: service = .* regex "which services"
-- param: bucket = 1d duration "width of a row"
-- needs: logs
-- chart: line x=ts y=errors,warnings,records series=service
-- column: error_share unit=ratio

SELECT time_bucket($bucket, ts) AS ts, coalesce(service, '-') AS service, count(*) AS records,
  count(*) FILTER (WHERE severity IN ('ERROR', 'FATAL')) AS errors,
  count(*) FILTER (WHERE severity = 'WARN') AS warnings,
  count(*) FILTER (WHERE severity = 'INFO') AS info,
  count(*) FILTER (WHERE severity IN ('DEBUG', 'TRACE')) AS debug,
  -- Other levels, or none.
  count(*) FILTER (WHERE coalesce(severity, '') NOT IN ('FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE')) AS other,
  CAST(count(*) FILTER (WHERE severity IN ('ERROR', 'FATAL')) AS double) / count(*) AS error_share
FROM logs
WHERE ts >= $since AND ts < $until AND coalesce(service, '-') ~ $service
GROUP BY 1, 2
ORDER BY 1, 2
