// Package slack is an HTTP server that speaks the part of the Slack Web API
// that Keylease needs, as strictly as the real service: what Slack refuses is
// refused here with the same error code, and what Slack lets pass in silence
// (a message to a deactivated person) passes here too.
//
// Methods: auth.test, conversations.open, conversations.info,
// conversations.history, chat.postMessage, chat.update, users.info. Bodies are
// forms or JSON; the token is in the Authorization header or in the form.
//
//	srv := slack.New(slack.Options{Clock: clock})
//	defer srv.Close()
//	srv.AddUser(slack.User{ID: "U0TARO", Name: "taro"})
//	client := slackgo.New(slack.BotToken, slackgo.OptionAPIURL(srv.APIURL()))
//
// Left out on purpose: apps.connections.open and Socket Mode, threads,
// attachments, files, custom names and icons. An argument or block type that
// the emulator cannot check is refused (invalid_arguments, invalid_blocks) with
// a sentence in response_metadata.messages, never accepted unseen.
//
// Not confirmed by Slack's documentation, and decided here for the stricter or
// the simpler side: lengths are counted in Unicode code points; plain_text is
// shown as it was sent, entities and all; metadata may hold 16 KiB; a page of
// history is the newest part of the range asked for even if only `oldest` is
// given; @here and #name count as active in mrkdwn that is not verbatim.
//
// Sources: https://docs.slack.dev/reference/methods/ (each method's page),
// https://docs.slack.dev/reference/block-kit/blocks/,
// https://docs.slack.dev/apis/web-api/rate-limits/,
// https://docs.slack.dev/messaging/formatting-message-text/.
package slack
