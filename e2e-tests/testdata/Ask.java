// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.*;

/** Reads a list of questions, and writes what Access of docs/recordserver.md says to each. */
final class Ask {
    public static void main(String[] arguments) throws java.io.IOException {
        ObjectMapper json = new ObjectMapper();
        Access access = new Access();
        List<Boolean> answers = new ArrayList<>();
        for (JsonNode each : json.readTree(System.in)) {
            Map<String, List<String>> headers = new HashMap<>();
            for (JsonNode header : each.get("headers")) {
                headers.computeIfAbsent(header.get(0).asText().toLowerCase(Locale.ROOT), name -> new ArrayList<>()).add(header.get(1).asText());
            }
            String patient = each.get("patient").isNull() ? null : each.get("patient").asText();
            answers.add(access.isAllowed(each.get("method").asText(), each.get("target").asText(), headers, each.get("body").asText(), patient, List.of()));
        }
        System.out.println(json.writeValueAsString(answers));
    }
}
