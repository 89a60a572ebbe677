package tasks

import (
	"context"

	"atrium/internal/base/tongue"
)

// coreKind is a type of tasks that every server knows, in a language; nil if id is none.
func coreKind(id string, in *tongue.Tongue) *kind {
	from := func(f form, name, about string) shape { return shape{"input": {name, about, f.String(), f}} }
	into := func(name, about string) shape { return shape{"output": {name, about, text.String(), text}} }
	switch id {
	case "core:text2text":
		return &kind{Name: in.Say("Free prompt"), Description: in.Say("A question or a task for a language model."),
			Input: from(text, in.Say("Prompt"), in.Say("What to do or to answer.")), Output: into(in.Say("Answer"), in.Say("What the model says."))}
	case "core:text2text:summary":
		return &kind{Name: in.Say("Summarize"), Description: in.Say("The main points of a text, in short."),
			Input: from(text, in.Say("Text"), in.Say("The text to summarize.")), Output: into(in.Say("Summary"), in.Say("The text in short."))}
	case "core:text2text:headline":
		return &kind{Name: in.Say("Find a headline"), Description: in.Say("A headline for a text."),
			Input: from(text, in.Say("Text"), in.Say("The text that needs a headline.")), Output: into(in.Say("Headline"), in.Say("The headline of the text."))}
	case "core:text2text:topics":
		return &kind{Name: in.Say("Find the topics"), Description: in.Say("What a text is about."),
			Input: from(text, in.Say("Text"), in.Say("The text to look through.")), Output: into(in.Say("Topics"), in.Say("The topics, separated by commas."))}
	case "core:text2text:translate":
		k := &kind{Name: in.Say("Translate"), Description: in.Say("A text in another language."),
			Input: from(text, in.Say("Text"), in.Say("The text to translate.")), Output: into(in.Say("Translation"), in.Say("The text in the other language."))}
		k.Input["origin_language"] = slot{in.Say("From"), in.Say("The language of the text."), enum.String(), enum}
		k.Input["target_language"] = slot{in.Say("Into"), in.Say("The language to translate into."), enum.String(), enum}
		return k
	case "core:audio2text":
		return &kind{Name: in.Say("Transcribe"), Description: in.Say("The words that are spoken in a recording."),
			Input: from(audio, in.Say("Recording"), in.Say("A sound file.")), Output: into(in.Say("Transcript"), in.Say("What is spoken."))}
	}
	return nil
}

// taker is a provider of an enabled app that takes tasks of a type.
type taker struct {
	app, provider string
	runtime       int64 // how long a task is expected to take, in seconds
}

// offered are the types that enabled apps take tasks of, in a language. Of what several
// take, the first says which values may be chosen. Types whose results are files are left
// out: there is no place for these yet.
func (rm *Room) offered(ctx context.Context, in *tongue.Tongue) (table[*kind], error) {
	all, err := rm.providers(ctx)
	if err != nil {
		return nil, err
	}
	out := table[*kind]{}
	for _, p := range all {
		k := out[p.Type]
		if k == nil {
			if k = p.kind(in); k == nil {
				continue
			}
			out[p.Type] = k
		}
		k.takers = append(k.takers, taker{p.app, p.ID, p.Runtime})
	}
	return out, nil
}

// kind is the type that a provider takes tasks of, with what it adds to it; nil if nobody
// knows it or its results cannot be kept.
func (p provider) kind(in *tongue.Tongue) *kind {
	k := coreKind(p.Type, in)
	if p.custom != nil {
		k = &kind{Name: p.custom.Name, Description: p.custom.Description, Input: shapeOf(p.custom.Input), Output: shapeOf(p.custom.Output)}
	}
	if k == nil {
		return nil
	}
	for _, s := range k.Output {
		if s.form.isFile() {
			return nil
		}
	}
	k.InputEnums, k.InputDefaults = p.InputEnums, p.InputDefaults
	k.Optional, k.OptionalEnums, k.OptionalDefaults = shapeOf(p.Optional), p.OptionalEnums, p.OptionalDefaults
	k.OutputEnums, k.MoreOutput, k.MoreOutputEnums = p.OutputEnums, shapeOf(p.MoreOutput), p.MoreOutputEnums
	for name, s := range k.MoreOutput {
		if s.form.isFile() {
			delete(k.MoreOutput, name)
		}
	}
	return k
}

func shapeOf(all []described) shape {
	out := shape{}
	for _, d := range all {
		out[d.Name] = slot{d.Name, d.Description, d.Form.String(), d.Form}
	}
	return out
}
