// Package message writes Keylease's Slack messages: one about one key ([Texts.Notice]), or several about a sheet
// ([Texts.Sheet]), as Block Kit with a plain text for notifications. It is pure: no I/O, no clock.
//
// Every sentence is in a template under ja/ and en/, so people can review and replace texts without reading Go. Templates
// contain no Slack markup, because safety does not depend on them:
//
//   - A template's output goes into `plain_text` objects with emoji off. Slack makes no mention, link, bold or emoji of
//     it: a purpose of "<!channel>" is shown as these ten characters.
//   - There are two `mrkdwn` objects, each with nothing else in it: the owner's mention, made of a checked Slack user ID,
//     and the link to the sheet, made of the sheet's address alone.
//   - The text for notifications is escaped and made inert as a whole.
//   - Values lose control and direction characters, are put on one line and shortened. So a message about any sheet keeps
//     Slack's limits and arrives.
package message
