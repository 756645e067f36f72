// Package message writes what Keylease tells people in Slack: one message about one key (RenderNotice), or messages
// about a sheet (RenderSheet), as Block Kit with a plain text for notifications. It is pure: no I/O, no clock.
//
// Every sentence stands in a template under ja/ and en/, so that texts can be reviewed and replaced without reading
// Go. Templates know nothing of Slack's markup, because safety does not depend on them:
//
//   - What a template gives goes into `plain_text` objects with emoji off, where Slack makes no mention, link, bold or
//     emoji of anything. A purpose that reads "<!channel>" is shown as these ten characters.
//   - Two `mrkdwn` objects exist, each with nothing else in it: the owner's mention, made of a Slack user ID that was
//     checked, and the link to the sheet, made of the sheet's address alone.
//   - The text for notifications is escaped and made inert as a whole, whatever is in it.
//   - Values are cleaned of control and direction characters, put on one line and shortened, so that a message of
//     any sheet keeps Slack's limits (Message) and arrives.
package message
