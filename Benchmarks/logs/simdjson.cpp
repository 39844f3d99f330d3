// Reads JSON Lines with simdjson's On-Demand parser and takes the members that the WAF format takes first: what the fastest
// general parser costs for the wanted keys alone. Usage: simdjson FILE (unpacked)
#include <sys/resource.h>
#include <cstdio>
#include <simdjson.h>

int main(int count, char** arguments) {
  if (count != 2) return 64;
  auto text = simdjson::padded_string::load(arguments[1]);
  if (text.error()) return 66;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream lines;
  if (parser.iterate_many(text.value(), 1 << 22).get(lines)) return 65;
  size_t records = 0, bytes = 0;
  for (auto line : lines) {
    uint64_t time = 0;
    std::string_view action, client, uri, arguments_;
    if (line["timestamp"].get(time) || line["action"].get(action)) continue;
    simdjson::ondemand::object request;
    if (line["httpRequest"].get(request)) continue;
    if (!request["clientIp"].get(client)) bytes += client.size();
    simdjson::ondemand::array headers;
    if (!request["headers"].get(headers))
      for (auto header : headers) {
        std::string_view name, value;
        if (!header["name"].get(name)) bytes += name.size();
        if (!header["value"].get(value)) bytes += value.size();
      }
    if (!request["uri"].get(uri)) bytes += uri.size();
    if (!request["args"].get(arguments_)) bytes += arguments_.size();
    records++;
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  printf("simdjson bytes=%zu records=%zu kept=%zu cpu=%.2fs MBps=%.0f\n", text.value().size(), records, bytes, seconds,
         text.value().size() / 1e6 / seconds);
}
