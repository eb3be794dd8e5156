//! Two versions beside each other: each is what it is alone.

use proptest::prelude::*;

use super::random::{history, parts, rule, source};
use super::*;

/// Groups by their names: what stands before their rules, and the rules.
type Groups = Vec<(String, String, Vec<String>)>;

/// A change of some rules; the numbers choose among what there is.
#[derive(Debug, Clone)]
enum Edit {
    Remove(usize),
    Insert(usize, String),
    Replace(usize, String),
    Swap(usize, usize),
    Rename(usize),
    Unlimit(usize),
    SwapGroups,
    Again(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = 0..12_usize;
    prop_oneof![
        3 => place.clone().prop_map(Edit::Remove),
        3 => (place.clone(), asking_rule()).prop_map(|(at, rule)| Edit::Insert(at, rule)),
        3 => (place.clone(), asking_rule()).prop_map(|(at, rule)| Edit::Replace(at, rule)),
        2 => (place.clone(), place.clone()).prop_map(|(a, b)| Edit::Swap(a, b)),
        1 => place.clone().prop_map(Edit::Rename),
        1 => place.clone().prop_map(Edit::Unlimit),
        1 => Just(Edit::SwapGroups),
        1 => place.prop_map(Edit::Again),
    ]
}

/// Sometimes a rule whose annotation asks a query.
fn asking_rule() -> impl Strategy<Value = String> {
    (rule(), 0..8_u8).prop_map(|(rule, asks)| match asks {
        0 if rule.contains("alert:") => {
            let query = r#"{{ range query "r0" }}{{ . | value }},{{ end }}"#;
            format!("{rule}    annotations: {{seen: '{query}'}}\n")
        }
        _ => rule,
    })
}

fn apply(groups: &mut Groups, edit: &Edit) {
    let places: Vec<(usize, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(g, group)| (0..group.2.len()).map(move |r| (g, r)))
        .collect();
    let Some(pick) = places
        .len()
        .checked_sub(1)
        .map(|last| move |at: usize| at % (last + 1))
    else {
        return;
    };
    let at = |at: usize| places[pick(at)];
    match edit {
        Edit::Remove(place) => {
            let (g, r) = at(*place);
            groups[g].2.remove(r);
        }
        Edit::Insert(place, rule) => {
            let (g, r) = at(*place);
            groups[g].2.insert(r, rule.clone());
        }
        Edit::Replace(place, rule) => {
            let (g, r) = at(*place);
            groups[g].2[r] = rule.clone();
        }
        Edit::Swap(a, b) => {
            let ((g, r), (h, s)) = (at(*a), at(*b));
            let (one, other) = (groups[g].2[r].clone(), groups[h].2[s].clone());
            groups[g].2[r] = other;
            groups[h].2[s] = one;
        }
        Edit::Rename(place) => groups[at(*place).0].0 += "x",
        Edit::Unlimit(place) => {
            let head = &mut groups[at(*place).0].1;
            *head = head.replace("limit: 1", "limit: 0");
        }
        Edit::SwapGroups => groups.reverse(),
        Edit::Again(place) => {
            let mut again = groups[at(*place).0].clone();
            again.0 += &format!("y{}", groups.len());
            groups.push(again);
        }
    }
}

fn text(groups: &Groups) -> String {
    let mut text = String::from("groups:\n");
    for (name, head, rules) in groups {
        text += &format!("- name: {name}\n{head}  rules:\n{}", rules.concat());
        if rules.is_empty() {
            text = text.trim_end().to_owned() + " []\n";
        }
    }
    text
}

/// Phases go with the names, as those of files do.
fn scheduled(file: &RuleFile, aligned: bool) -> Vec<Scheduled<'_>> {
    let phase = match aligned {
        true => Phase::Zero,
        false => Phase::File("rules.yml"),
    };
    let groups = file.groups.iter();
    groups.map(|group| Scheduled { group, phase }).collect()
}

fn told(events: &[Event], engine: &Engine<'_>) -> Vec<String> {
    let mut lines: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
    lines.extend(
        engine
            .rules()
            .map(|(id, rule)| format!("{} {:?}", rule.name, engine.report(id))),
    );
    lines.extend(engine.warnings().iter().map(|one| format!("{one:?}")));
    lines
}

fn compare(
    base: &Groups,
    new: &Groups,
    aligned: bool,
    settings: &Settings,
    columns: &[Vec<Option<f64>>],
) -> Result<usize, TestCaseError> {
    let (base_text, new_text) = (text(base), text(new));
    let (base, new) = (
        rules(&base_text, &settings.options),
        rules(&new_text, &settings.options),
    );
    let (base, new) = (scheduled(&base, aligned), scheduled(&new, aligned));
    let mut history = source(columns);
    let cuts = [(0, 9 * MINUTE), (9 * MINUTE, 35 * MINUTE)];
    let mut alone = |groups: &[Scheduled<'_>]| {
        let mut engine = Engine::new(groups, settings.clone());
        let mut collected = Collected::default();
        for (from, to) in cuts {
            let run = engine.run(&mut history, from, to, &mut collected);
            run.expect("memory");
        }
        told(&collected.0, &engine)
    };
    let (base_alone, new_alone) = (alone(&base), alone(&new));
    let mut both = Both::new(&base, &new, settings);
    let (mut of_base, mut of_new) = (Collected::default(), Collected::default());
    for (from, to) in cuts {
        both.run(&mut history, from, to, &mut of_base, &mut of_new)
            .expect("memory");
    }
    let of_new = told(&of_new.0, both.new_rules());
    prop_assert_eq!(&of_new, &new_alone, "{}\nto\n{}", base_text, new_text);
    let of_base = told(&of_base.0, both.base());
    prop_assert_eq!(&of_base, &base_alone, "{}\nto\n{}", base_text, new_text);
    Ok(both.shared())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn both_are_what_they_are_alone(
        parts in prop::collection::vec(parts(), 1..4),
        edits in prop::collection::vec(edit(), 0..4),
        aligned in any::<bool>(),
        columns in history(),
        piece in prop::sample::select(vec![5 * MINUTE, MICROS_PER_DAY]),
        (keep, annotations, in_order, hides_history, restarts) in any::<(bool, bool, bool, bool, bool)>(),
    ) {
        let base: Groups = parts
            .into_iter()
            .enumerate()
            .map(|(i, (head, rules))| (format!("g{i}"), head, rules))
            .collect();
        let mut new = base.clone();
        for edit in &edits {
            apply(&mut new, edit);
        }
        let restart = Restart { at: 12 * MINUTE, down: 3 * MINUTE };
        let settings = Settings {
            ties: if in_order { Ties::InOrder } else { Ties::ByTimestamp },
            piece,
            keep,
            annotations,
            hides_history,
            restarts: restarts.then_some(restart).into_iter().collect(),
            ..Settings::default()
        };
        let shared = compare(&base, &new, aligned, &settings, &columns)?;
        if edits.is_empty() {
            let count: usize = base.iter().map(|group| group.2.len()).sum();
            prop_assert_eq!(shared, count);
        }
    }
}

/// How many of three chained rules and one apart are shared after an edit.
fn shared(edit: impl Fn(&mut Vec<String>)) -> usize {
    let lines = [
        "  - {record: r0, expr: sum(a)}\n",
        "  - {alert: A0, expr: r0 > 2}\n",
        "  - {alert: A1, expr: b > 2}\n",
        "  - {alert: A2, expr: 'b > 3 unless on () ALERTS{alertname=\"A0\"}'}\n",
    ];
    let rules: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let base = vec![("g".to_owned(), String::new(), rules)];
    let mut new = base.clone();
    edit(&mut new[0].2);
    let columns = vec![vec![Some(1.0), Some(3.0), Some(4.0), None, Some(5.0)]; 4];
    compare(&base, &new, false, &Settings::default(), &columns).expect("the same")
}

#[test]
fn only_what_depends_on_a_change_is_evaluated_twice() {
    let replace = |rules: &mut Vec<String>, i: usize, from: &str, to: &str| {
        rules[i] = rules[i].replace(from, to);
    };
    assert_eq!(shared(|_| ()), 4);
    assert_eq!(shared(|rules| replace(rules, 2, "2", "4")), 3);
    assert_eq!(shared(|rules| replace(rules, 1, "2", "4")), 2);
    assert_eq!(shared(|rules| replace(rules, 0, "sum", "max")), 1);
    assert_eq!(shared(|rules| drop(rules.remove(3))), 3);
    assert_eq!(
        shared(|rules| rules.insert(0, "  - {alert: A9, expr: a}\n".into())),
        4
    );
    // A metric of history that only the new rules hide.
    assert_eq!(
        shared(|rules| rules.push("  - {record: b, expr: vector(1)}\n".into())),
        2
    );
    assert_eq!(shared(|rules| rules.swap(0, 2)), 1);
}
