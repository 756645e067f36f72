// Package slackapi is the adapter to Slack's Web API, and the only importer of slack-go. It satisfies notice.Slack and
// turns every outcome into a class of package failure; it decides nothing.
//
// It never sleeps and never retries: an attempt that must wait is an error of class Retry with RetryAfter, so that a
// reconcile is free for other leases meanwhile. It keeps to about one message a second in each channel by itself
// (https://docs.slack.dev/apis/web-api/rate-limits/), because a 429 costs a call and can stop an app altogether.
//
// What it remembers in memory (direct message channels for some minutes, messages that it knows it did not post, places
// in the queue of a channel) saves calls only. A process without it asks Slack instead.
package slackapi
