//! The store as its keepers use it.

use crate::support::Workspace;

fn fill(w: &Workspace, name: &str, day: &str, hours: std::ops::Range<u32>) {
    let rows: String = hours
        .map(|hour| format!("{day}T{hour:02}:00:00Z,temp,a,{hour}\n"))
        .collect();
    w.write(name, format!("time,metric,host,value\n{rows}"));
    w.fine(&["ingest", name]);
}

#[test]
fn compaction_and_retention_keep_the_rows() {
    let w = Workspace::new();
    fill(&w, "a.csv", "2026-03-01", 0..6);
    fill(&w, "b.csv", "2026-03-01", 6..12);
    fill(&w, "c.csv", "2026-03-02", 0..12);
    let sum = "SELECT count(*), sum(value) FROM metrics.temp";
    assert_eq!(w.sql(sum), ["24,132"]);
    let files = "SELECT count(*) FROM (SELECT DISTINCT date FROM samples)";
    assert_eq!(w.sql(files), ["2"]);
    w.fine(&["store", "compact"]);
    assert_eq!(w.sql(sum), ["24,132"]);
    w.fine(&["store", "verify"]);

    let dry = w.fine(&[
        "store",
        "retain",
        "--days",
        "30",
        "--dry-run",
        "--format",
        "csv",
    ]);
    assert!(
        dry.stdout.contains("samples,2026-03-01,12"),
        "{}",
        dry.stdout
    );
    assert!(!dry.stdout.contains("2026-03-02"), "{}", dry.stdout);
    assert_eq!(w.sql(sum), ["24,132"]);
    w.fine(&["store", "retain", "--days", "30"]);
    assert_eq!(w.sql(sum), ["12,66"]);
    w.fine(&["store", "verify"]);
}

#[test]
fn damage_is_found() {
    let w = Workspace::new();
    fill(&w, "a.csv", "2026-03-01", 0..6);
    let folder = w.path("retrocast-store/samples/date=2026-03-01");
    let file = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|e| e == "parquet"))
        .expect("a data file");
    let mut bytes = std::fs::read(&file).expect("a data file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&file, bytes).expect("a data file");
    let run = w.run(&["store", "verify", "--format", "csv"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stdout.contains("damaged"), "{}", run.stdout);
}
