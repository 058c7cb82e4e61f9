// Hands deliveries of EventBridge to a subscriber of SST's own package; prints what it was called with.
import { bus } from "sst/aws/bus"
import { event } from "sst/event"

const { types, envelopes } = JSON.parse(await new Response(process.stdin).text())

const accept = (schema) => (value) => {
  const missing = schema.filter((name) => !(name in value))
  if (missing.length) throw new Error(`missing: ${missing}`)
  return value
}
const define = event.builder({ validator: accept })
const definitions = types.map((type) => define(type, ["event_id", "occurred_at", "session_ref", "seq"]))

const heard = []
const handler = bus.subscriber(definitions, async (told) => {
  const definition = definitions.find((one) => one.type === told.type)
  heard.push({ type: told.type, properties: told.properties, metadata: told.metadata, known: Boolean(definition) })
})
for (const envelope of envelopes) await handler(envelope)
console.log(JSON.stringify(heard))
