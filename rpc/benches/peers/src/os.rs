//! What Linux tells of a process and of the machine. On other systems these figures are left out.

use std::fs;

/// CPU seconds that a process took so far, by nanoseconds of each of its threads.
pub(crate) fn cpu_seconds(pid: u32) -> Option<f64> {
    let mut nanoseconds = 0u64;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        nanoseconds += times.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 / 1e9)
}

/// Memory of a process that is in RAM, in KiB.
pub(crate) fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    field(&status, "VmRSS:")?.split_whitespace().next()?.parse().ok()
}

/// How many tasks were running or ready of late, on average over a minute.
pub(crate) fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// The session that a process belongs to.
pub(crate) fn session(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the name, which may hold anything: state, parent, group, session.
    stat.rsplit(')').next()?.split_whitespace().nth(3)?.parse().ok()
}

/// The machine in a line: processor, cores, memory, kernel.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let memory = read("/proc/meminfo");
    let kib =
        field(&memory, "MemTotal:").and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = field(&processor, "model name").map(|text| text.trim_start_matches([':', '\t', ' ']));
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{}, {cores} {}, {:.0} GiB, {} {}",
        model.unwrap_or("unknown processor"),
        if cores == 1 { "core" } else { "cores" },
        kib.unwrap_or_default() / (1024.0 * 1024.0),
        std::env::consts::OS,
        kernel.trim()
    )
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
