package slack

import (
	"fmt"
	"maps"
	"slices"
)

// Sizes of https://docs.slack.dev/reference/block-kit/blocks/ and
// …/block-elements/, in characters or items.
const (
	maxSectionText     = 3000
	maxField           = 2000
	maxFields          = 10
	maxHeader          = 150
	maxContextText     = 3000
	maxContextElements = 10
	maxActions         = 25
	maxButtonText      = 75
	maxURL             = 3000
	maxAltText         = 2000
	maxImageTitle      = 2000
	maxButtonValue     = 2000
	maxID              = 255
)

// block checks one block and gives what is in it.
func (k *checker) block(path string, v any) Block {
	object, ok := v.(map[string]any)
	if !ok {
		k.report(path, "must provide an object")
		return Block{}
	}
	var b Block
	b.Type, _ = object["type"].(string)
	b.BlockID = k.word(object, path, "block_id", maxID, false)
	k.unique(path+"/block_id", "block ", b.BlockID)
	switch b.Type {
	case "section":
		k.section(path, object, &b)
	case "header":
		k.object(path, v, "type", "block_id", "text")
		b.Text = k.text(path+"/text", object["text"], maxHeader, true)
	case "context":
		k.object(path, v, "type", "block_id", "elements")
		b.Elements = k.elements(path, object, maxContextElements, "plain_text", "mrkdwn", "image")
	case "actions":
		k.object(path, v, "type", "block_id", "elements")
		b.Elements = k.elements(path, object, maxActions, "button")
	case "divider":
		k.object(path, v, "type", "block_id")
	case "image":
		k.object(path, v, "type", "block_id", "image_url", "alt_text", "title")
		b.ImageURL = k.word(object, path, "image_url", maxURL, true)
		b.AltText = k.word(object, path, "alt_text", maxAltText, true)
		if title, has := object["title"]; has {
			b.Title = k.text(path+"/title", title, maxImageTitle, true)
		}
	case "input", "rich_text", "video", "file", "markdown", "table", "context_actions", "alert", "card", "carousel":
		k.report(path+"/type", "the emulator does not check blocks of type %q", b.Type)
	default:
		k.report(path+"/type", "unsupported type: %q", b.Type)
	}
	return b
}

func (k *checker) section(path string, object map[string]any, b *Block) {
	k.object(path, object, "type", "block_id", "text", "fields", "accessory", "expand")
	text, hasText := object["text"]
	fields, hasFields := object["fields"]
	if !hasText && !hasFields {
		k.report(path, "must define either `text` or `fields`")
	}
	if hasText {
		b.Text = k.text(path+"/text", text, maxSectionText, false)
	}
	if hasFields {
		b.Fields = k.texts(path+"/fields", fields, maxFields, maxField)
	}
	if accessory, has := object["accessory"]; has {
		b.Accessory = k.element(path+"/accessory", path, accessory, "button", "image")
	}
	k.truth(object, path, "expand")
}

func (k *checker) elements(path string, object map[string]any, most int, types ...string) []Element {
	var elements []Element
	for i, item := range k.list(path+"/elements", object["elements"], most) {
		e := k.element(fmt.Sprintf("%s/elements/%d", path, i), path, item, types...)
		if e != nil {
			elements = append(elements, *e)
		}
	}
	return elements
}

// element checks an element that must be of one of these types; block is the
// path of the block within which action IDs are unique.
func (k *checker) element(path, block string, v any, types ...string) *Element {
	object, _ := v.(map[string]any)
	e := &Element{}
	e.Type, _ = object["type"].(string)
	if !slices.Contains(types, e.Type) {
		k.report(path+"/type", "unsupported type: %q", e.Type)
		return nil
	}
	switch e.Type {
	case "plain_text", "mrkdwn":
		e.Text = k.text(path, v, maxContextText, false)
	case "image":
		k.object(path, v, "type", "image_url", "alt_text")
		e.ImageURL = k.word(object, path, "image_url", maxURL, true)
		e.AltText = k.word(object, path, "alt_text", maxAltText, true)
	case "button":
		k.button(path, object, e)
		k.unique(path+"/action_id", "action "+block+" ", e.ActionID)
	}
	return e
}

func (k *checker) button(path string, object map[string]any, e *Element) {
	k.object(path, object, "type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
	e.Text = k.text(path+"/text", object["text"], maxButtonText, true)
	e.ActionID = k.word(object, path, "action_id", maxID, false)
	e.Value = k.word(object, path, "value", maxButtonValue, false)
	e.URL = k.word(object, path, "url", maxURL, false)
	k.word(object, path, "accessibility_label", maxButtonText, false)
	k.style(path, object)
	if confirm, has := object["confirm"]; has {
		k.confirm(path+"/confirm", confirm)
	}
}

func (k *checker) style(path string, object map[string]any) {
	if style, has := object["style"]; has && style != "primary" && style != "danger" {
		k.report(path+"/style", "must be one of primary, danger")
	}
}

// confirm checks the dialog that asks before a button acts.
func (k *checker) confirm(path string, v any) {
	object := k.object(path, v, "title", "text", "confirm", "deny", "style")
	sizes := map[string]int{"title": 100, "text": 300, "confirm": 30, "deny": 30}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		if part, has := object[name]; has {
			k.text(path+"/"+name, part, sizes[name], name != "text")
		} else {
			k.report(path, "missing required field: %s", name)
		}
	}
	k.style(path, object)
}
