//! Which metadata looks like a secret. Such values are never written down, and never copied.

/// Words that a key has in it whose value is a secret, however they are joined: `x-api-key` and `apikey` alike.
const IN_KEYS: [&str; 18] = [
    "accesskey",
    "apikey",
    "authentication",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "jwt",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "sessionid",
    "signature",
    "signingkey",
    "token",
];

/// The same, but only as a part of their own: `x-auth`, and not `author`.
const PARTS_OF_KEYS: [&str; 5] = ["auth", "otp", "pass", "pin", "session"];

/// Whether the value of this key is to be withheld: going by the key, or by the value where that gives itself away.
pub(crate) fn is_secret(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let joined: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    IN_KEYS.iter().any(|word| joined.contains(word))
        || key.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| PARTS_OF_KEYS.contains(&part))
        || looks_secret(value)
}

/// A value of HTTP's `Authorization`, a JSON web token, or a PEM file.
fn looks_secret(value: &str) -> bool {
    let value = value.trim_start();
    let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
    let is_jwt = value.starts_with("eyJ") && value.split('.').count() == 3;
    ["bearer", "basic", "digest"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        || is_jwt
        || value.contains("-----BEGIN ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_key() {
        for key in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "x-api-key",
            "api_key",
            "apikey",
            "token",
            "csrf-token",
            "refreshtoken",
            "client.secret",
            "password",
            "db-passwd",
            "x-auth",
            "otp",
            "aws-access-key-id",
            "session-id",
            "session",
            "private.key",
            "x-signature",
            "jwt",
        ] {
            assert!(is_secret(key, "plain"), "{key}");
        }
        for key in
            ["trace", "traceparent", "request-id", "author", "x-tenant", "idempotency-key", "spin", "accept"]
        {
            assert!(!is_secret(key, "plain"), "{key}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_value() {
        for value in [
            "Bearer abc",
            "basic dXNlcjpwYXNz",
            "eyJhbGciOi.eyJzdWIi.c2ln",
            "-----BEGIN PRIVATE KEY-----\nMIGH",
        ] {
            assert!(is_secret("note", value), "{value}");
        }
        for value in ["the bearer of this", "eyJ", "1.2.3", ""] {
            assert!(!is_secret("note", value), "{value}");
        }
    }
}
