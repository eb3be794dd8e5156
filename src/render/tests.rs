use super::*;

#[test]
fn names_and_suffixes() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(*format));
    }
    assert_eq!(Format::from_path(Path::new("a/b.CSV")), Some(Format::Csv));
    assert_eq!(Format::from_path(Path::new("b.jsonl")), Some(Format::Ndjson));
    assert_eq!(Format::from_path(Path::new("b.docx")), None);
    assert_eq!(Format::from_path(Path::new("b")), None);
}
