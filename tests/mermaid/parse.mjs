// Reads a diagram a line, as a JSON text, and answers a line: what Mermaid's own parser makes of it, or its error.
import { createInterface } from "node:readline";
import DOMPurify from "dompurify";
import mermaid from "mermaid";

// The parser needs no browser; only what cleans the title for a page wants one, and is left out here.
Object.assign(DOMPurify, { addHook() {}, sanitize: (text) => text });

// What Mermaid does before it draws (utils.ts, decodeEntities), then what a browser does.
const shown = (text) =>
  text.trim().replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const text = JSON.parse(line);
    const { diagramType } = await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    answer = {
      type: diagramType,
      title: shown(db.getDiagramTitle()),
      sections: db.getSections().map(shown),
      tasks: db.getTasks().map((task) => [shown(task.section), shown(task.task), task.score, task.people.map(shown)]),
    };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
