//go:build programs

package previews

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"testing"
)

// zipOf is an archive of files, given as name and content by turns, none compressed.
func zipOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8"?>`
	opcRels = `http://schemas.openxmlformats.org/package/2006/relationships`
	ooxml   = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
	odNames = `urn:oasis:names:tc:opendocument:xmlns:`
)

// relations is a part of an Office Open XML package that names another part.
func relations(kind, target string) string {
	return xmlHead + `<Relationships xmlns="` + opcRels + `"><Relationship Id="r1" Type="` + ooxml + `/` + kind + `" Target="` + target + `"/></Relationships>`
}

// contentTypes tells what the main parts of an Office Open XML package are.
func contentTypes(parts ...string) string {
	out := xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`
	for i := 0; i < len(parts); i += 2 {
		out += `<Override PartName="` + parts[i] + `" ContentType="application/vnd.openxmlformats-officedocument.` + parts[i+1] + `+xml"/>`
	}
	return out + `</Types>`
}

// docxOf is a text whose first page says one large word.
func docxOf(t *testing.T) []byte {
	return zipOf(t, "[Content_Types].xml", contentTypes("/word/document.xml", "wordprocessingml.document.main"),
		"_rels/.rels", relations("officeDocument", "word/document.xml"),
		"word/document.xml", xmlHead+`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:rPr><w:sz w:val="144"/></w:rPr><w:t>MMMM</w:t></w:r></w:p></w:body></w:document>`)
}

// xlsxOf is a table of one cell.
func xlsxOf(t *testing.T) []byte {
	const sheets = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	return zipOf(t, "[Content_Types].xml", contentTypes("/xl/workbook.xml", "spreadsheetml.sheet.main", "/xl/worksheets/sheet1.xml", "spreadsheetml.worksheet"),
		"_rels/.rels", relations("officeDocument", "xl/workbook.xml"),
		"xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml"),
		"xl/workbook.xml", xmlHead+`<workbook xmlns="`+sheets+`" xmlns:r="`+ooxml+`"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml", xmlHead+`<worksheet xmlns="`+sheets+`"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>MMMMMMMMMMMMMMMMMMMMMMM</t></is></c></row></sheetData></worksheet>`)
}

// odpOf is a slide of 28 by 15.75 cm, as is the rule, whose left half is red.
func odpOf(t *testing.T) []byte {
	return zipOf(t, "mimetype", "application/vnd.oasis.opendocument.presentation",
		"META-INF/manifest.xml", xmlHead+`<m:manifest xmlns:m="`+odNames+`manifest:1.0" m:version="1.2"><m:file-entry m:full-path="/" m:media-type="application/vnd.oasis.opendocument.presentation"/>`+
			`<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>`,
		"content.xml", xmlHead+`<o:document-content xmlns:o="`+odNames+`office:1.0" xmlns:d="`+odNames+`drawing:1.0" xmlns:v="`+odNames+`svg-compatible:1.0" xmlns:s="`+odNames+`style:1.0" o:version="1.2">`+
			`<o:automatic-styles><s:style s:name="R" s:family="graphic"><s:graphic-properties d:fill="solid" d:fill-color="#ff0000" d:stroke="none"/></s:style></o:automatic-styles>`+
			`<o:body><o:presentation><d:page d:name="p"><d:rect d:style-name="R" v:x="0cm" v:y="0cm" v:width="14cm" v:height="15.75cm"/></d:page></o:presentation></o:body></o:document-content>`)
}

// What an office suite opens is shown by its first page.
func TestOffice(t *testing.T) {
	need(t, "soffice", "pdftoppm")
	g := lite(t)
	if img, got := g.shown(g.preview(g.put("/a.odp", odpOf(t)), "x=128&y=128&a=1")); got != "128x72" || !red(img) {
		t.Errorf("a slide: %s", got)
	}
	if img, got := g.shown(g.preview(g.put("/a.docx", docxOf(t)), "x=128&y=128&a=1")); img == nil || img.Bounds().Dy() != 128 || img.Bounds().Dx() >= 110 || blank(img) {
		t.Errorf("a text: %s", got)
	}
	if img, got := g.shown(g.preview(g.put("/a.xlsx", xlsxOf(t)), "x=128&y=128&a=1")); img == nil || blank(img) {
		t.Errorf("a table: %s", got)
	}
	if w := g.preview(g.put("/b.docx", append([]byte("PK\x03\x04"), 0, 0)), "x=64&y=64"); w.Code != 404 {
		t.Errorf("what is no document: %d", w.Code)
	}
}

// dngOf is a raw photograph as cameras write it (Adobe's Digital Negative, which is
// TIFF), with the picture that the camera made of it.
func dngOf(jpg []byte) []byte {
	const short, long, bytes1, text = 3, 4, 1, 2
	type field struct {
		tag, kind uint16
		count     uint32
		value     uint32
	}
	const head, room = 8, 400
	le := binary.LittleEndian
	directory := func(fields ...field) []byte {
		out := le.AppendUint16(nil, uint16(len(fields)))
		for _, f := range fields {
			out = le.AppendUint16(le.AppendUint16(out, f.tag), f.kind)
			out = le.AppendUint32(le.AppendUint32(out, f.count), f.value)
		}
		return le.AppendUint32(out, 0)
	}
	raw, words, pixels := uint32(head+room), uint32(head+2*room), uint32(head+2*room+16)
	thumb := pixels + 64*64*2
	main := directory(field{254, long, 1, 1}, field{256, long, 1, 400}, field{257, long, 1, 200}, field{258, short, 1, 8}, field{259, short, 1, 6}, field{262, short, 1, 6},
		field{271, text, 7, words}, field{272, text, 7, words}, field{273, long, 1, thumb}, field{277, short, 1, 3}, field{278, long, 1, 200}, field{279, long, 1, uint32(len(jpg))},
		field{330, long, 1, raw}, field{50706, bytes1, 4, 0x0401}, field{50708, text, 7, words})
	sensor := directory(field{254, long, 1, 0}, field{256, long, 1, 64}, field{257, long, 1, 64}, field{258, short, 1, 16}, field{259, short, 1, 1}, field{262, short, 1, 32803},
		field{273, long, 1, pixels}, field{277, short, 1, 1}, field{278, long, 1, 64}, field{279, long, 1, 64 * 64 * 2}, field{33421, short, 2, 2<<16 | 2}, field{33422, bytes1, 4, 0x02010100})
	out := make([]byte, thumb, int(thumb)+len(jpg))
	copy(out, le.AppendUint32([]byte("II*\x00"), head))
	copy(out[head:], main)
	copy(out[raw:], sensor)
	copy(out[words:], "Sample\x00")
	return append(out, jpg...)
}
