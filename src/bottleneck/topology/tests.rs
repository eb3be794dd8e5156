use proptest::prelude::*;

use super::*;

#[derive(Debug, Deserialize)]
struct File {
    system: System,
}

fn parse(text: &str) -> Result<System, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.system)
}

const SAMPLE: &str = r#"
[system.stage.transformation]

[system.stage.enrichment]
kind = "worker"
objective = { latency = 2.0 }
latency_sum = { metric = "pipeline_processing_duration_seconds_sum", labels = { stage = "enrichment" } }
cpu = { promql = 'rate(process_cpu_seconds_total{instance="tm-2"}[5m])', scale = 0.5 }
errors = [{ metric = "a_total", labels = { code = "500" } }, { sql = "SELECT ts, value FROM x" }]

[[system.edge]]
from = "transformation"
to = "enrichment"
kind = "flow"
"#;

#[test]
fn reads_the_section() {
    let system = parse(SAMPLE).unwrap();
    let stage = &system.stages["enrichment"];
    assert_eq!(stage.objective.unwrap().latency, Some(2.0));
    assert_eq!(stage.roles[&Role::Errors].iter().count(), 2);
    let cpu = stage.roles[&Role::Cpu].iter().next().unwrap();
    assert_eq!(cpu.scale, Some(0.5));
    assert_eq!(system.edges[0].kind, EdgeKind::Flow);
    assert!(check(&system).is_empty());
}

#[test]
fn what_is_written_reads_back() {
    let system = parse(SAMPLE).unwrap();
    let text = write(&system, |_, role| {
        (role == Role::Cpu).then(|| "because\nof its name".to_owned())
    });
    assert!(
        text.contains("# because of its name\ncpu = { promql"),
        "{text}"
    );
    assert_eq!(parse(&text).unwrap(), system);
}

#[test]
fn unknown_roles_and_empty_bindings_are_refused() {
    assert!(parse("[system.stage.a]\nlatenzy = { metric = \"x\" }").is_err());
    assert!(parse("[system.stage.a]\ncpu = { metrik = \"x\" }").is_err());
    let system = parse("[system.stage.a]\ncpu = { labels = { a = \"b\" }, scale = 0.0 }\n[[system.edge]]\nfrom = \"a\"\nto = \"b\"\n[[system.edge]]\nfrom = \"a\"\nto = \"a\"").unwrap();
    assert_eq!(
        check(&system),
        [
            SystemError::Source {
                stage: "a".into(),
                role: "cpu"
            },
            SystemError::Scale {
                stage: "a".into(),
                role: "cpu"
            },
            SystemError::NoSuchStage {
                from: "a".into(),
                to: "b".into(),
                missing: "b".into()
            },
            SystemError::Loop { stage: "a".into() },
        ]
    );
}

proptest! {
    #[test]
    fn any_name_reads_back(name in ".{0,12}", label in ".{0,8}", value in ".{0,12}", scale in proptest::num::f64::NORMAL) {
        let binding = Binding {
            metric: Some(value.clone()),
            labels: BTreeMap::from([(label, value)]),
            scale: Some(scale),
            ..Binding::default()
        };
        let mut system = System::default();
        system.stages.insert(name.clone(), Stage {
            roles: BTreeMap::from([(Role::Gc, Bindings::One(binding))]),
            ..Stage::default()
        });
        let roles = system.stages[&name].roles.clone();
        system.edges.push(Edge { from: name.clone(), to: name, kind: EdgeKind::Call, roles });
        let text = write(&system, |_, _| None);
        prop_assert_eq!(parse(&text).unwrap(), system, "{}", text);
    }
}
