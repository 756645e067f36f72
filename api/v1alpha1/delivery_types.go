package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NoticeState of one message to one recipient.
// +kubebuilder:validation:Enum=Pending;Delivered;Unreachable
type NoticeState string

// The states of a notice. Pending is recorded before the message is sent. If a message is Pending later, Slack may have
// it, and Keylease searches Slack before sending it again.
const (
	NoticePending     NoticeState = "Pending"
	NoticeDelivered   NoticeState = "Delivered"
	NoticeUnreachable NoticeState = "Unreachable"
)

// Delivery records the outcome of one message to one recipient. Beside it is recorded what the message is about.
type Delivery struct {
	// MessageID identifies the message. Records with the same ID and recipient are about one message.
	MessageID string `json:"messageID"`
	// Recipient is a Slack user ID (U…, W…) or channel ID (C…, G…).
	Recipient string      `json:"recipient"`
	State     NoticeState `json:"state"`
	// Reason is Slack's error code of an unreachable recipient, or of the last attempt.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Time of the state: when the message became Pending, when it was delivered, or when the recipient was last tried.
	Time metav1.Time `json:"time"`
	// Announced is the deletion time that the message names. Absent: it names none.
	// +optional
	Announced *metav1.Time `json:"announced,omitempty"`
	// Channel of the message (D…, C…, G…).
	// +optional
	Channel string `json:"channel,omitempty"`
	// MessageTS is Slack's timestamp of the message, its identity within the channel.
	// +optional
	MessageTS string `json:"messageTS,omitempty"`
}

// Sent returns the part that all records of messages share.
func (d *Delivery) Sent() *Delivery { return d }
