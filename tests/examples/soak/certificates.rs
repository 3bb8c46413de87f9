//! Certificates that are renewed again and again under load, root rollover included. No call may fail.

use std::time::Duration;

use countersign_tests::renewal::renew_under_load;

use crate::Outcome;

pub(crate) async fn run(time: Duration, life: Duration) -> Outcome {
    let renewed = renew_under_load(time, life).await?;
    let (seconds, life) = (time.as_secs(), life.as_secs());
    let (renewals, connections, retried) = (renewed.renewals, renewed.connections, renewed.retried);
    let (calls, failed) = (renewed.outcome.calls, renewed.outcome.failed);
    println!(
        r#"{{"soak":"certificates","seconds":{seconds},"life_seconds":{life},"renewals":{renewals},"connections":{connections},"calls":{calls},"retried":{retried},"failed":{failed},"longest_ms":{}}}"#,
        renewed.outcome.longest.as_millis(),
    );
    match failed {
        0 => Ok(()),
        _ => Err(format!("{failed} calls failed").into()),
    }
}
