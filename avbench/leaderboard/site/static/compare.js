// Two systems of a board on every trial that both were asked: differences, a cloud of points, and one trial side by side.
(function () {
  "use strict";
  var make = avbench.make, box = document.getElementById("compare"), STEP = 50;
  var runs = avbench.given("compare-runs") || [];
  if (runs.length < 2) { box.replaceChildren(make("p", "note", {}, "There are not two systems on this board.")); return; }

  function choice(title, options) {
    var select = make("select", "", {}, options.map(function (option, i) { return make("option", "", { value: i }, option); }));
    select.addEventListener("change", function () { begin(); });
    return { select: select, label: make("label", "", {}, [title, select]) };
  }
  var names = runs.map(function (run) { return run.name; });
  var first = choice("first", names), second = choice("second", names), metric = null;
  second.select.value = String(1);
  var metricPlace = make("span"), onlyMedia = make("input", "", { type: "checkbox", id: "only-media" });
  var search = make("input", "", { type: "search", placeholder: "trial, clip, speaker" });
  var note = make("p", "note", { role: "status", "aria-live": "polite" });
  var cloud = make("div"), table = make("div", "scroll", { role: "region", tabindex: "0", "aria-label": "Trials" });
  var pager = make("div", "pager"), sides = make("section", "", { "aria-label": "The chosen trial", tabindex: "-1" });
  box.replaceChildren(
    make("div", "tools", {}, [first.label, second.label, metricPlace, make("label", "", {}, ["find", search]),
      make("label", "", {}, ["with sound or film", onlyMedia])]),
    note, make("div", "sides", {}, [cloud, sides]), table, pager);
  var state = { rows: [], column: "difference", down: true, start: 0, a: null, b: null };

  function begin() {
    var a = runs[first.select.value], b = runs[second.select.value];
    note.textContent = "Reading …";
    avbench.load(a.data, function (docA) { avbench.load(b.data, function (docB) { ready(docA, docB); }); });
  }
  function ready(docA, docB) {
    state.a = docA; state.b = docB;
    var common = docA.metrics.filter(function (m) { return docB.metrics.some(function (o) { return o.name === m.name; }); });
    if (!metric || metric.names.join() !== common.map(function (m) { return m.name; }).join()) {
      metric = choice("metric", common.map(function (m) { return m.unit ? m.name + ", " + m.unit : m.name; }));
      metric.names = common.map(function (m) { return m.name; });
      metricPlace.replaceChildren(metric.label);
    }
    renew();
  }
  function place(doc, name) { return doc.metrics.map(function (m) { return m.name; }).indexOf(name); }
  function renew() {
    var name = metric.names[metric.select.value], i = place(state.a, name), j = place(state.b, name), other = {};
    state.metric = state.a.metrics[i];
    state.b.rows.forEach(function (row) { other[row[0]] = row; });
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean), all = 0, sum = 0, judged = 0;
    state.rows = [];
    state.a.rows.forEach(function (row) {
      var twin = other[row[0]];
      if (!twin) return;
      all += 1;
      var x = row[4][i], y = twin[4][j], found = { trial: row[0], row: row, twin: twin, a: x, b: y, difference: x === null || y === null ? null : y - x };
      if (found.difference !== null) { sum += found.difference; judged += 1; }
      var text = (row[0] + " " + row[1] + " " + row[2]).toLowerCase();
      if (onlyMedia.checked && !(row[7] && twin[7])) return;
      if (words.every(function (word) { return text.includes(word); })) state.rows.push(found);
    });
    var digits = state.metric.digits, mean = judged ? sum / judged : 0;
    note.textContent = all.toLocaleString("en") + " trials in common. " + (judged
      ? names[second.select.value] + " minus " + names[first.select.value] + ": " + signed(mean, digits) + " " + state.metric.unit + " on average over " + judged.toLocaleString("en") + " judged trials; " + (state.metric.higher ? "higher" : "lower") + " is better."
      : "None has a value of its own under this metric.");
    state.start = 0;
    drawCloud();
    sort();
  }
  function signed(value, digits) { return (value > 0 ? "+" : "") + value.toFixed(digits); }
  function sort() {
    var column = state.column;
    state.rows.sort(function (p, q) { return avbench.order(p[column], q[column], state.down) || (p.trial < q.trial ? -1 : 1); });
    draw();
  }
  function text(value) { return value === null ? "–" : value.toFixed(state.metric.digits); }
  function draw() {
    var titles = [["trial", "trial"], ["a", names[first.select.value]], ["b", names[second.select.value]], ["difference", "difference"]];
    var head = make("tr", "", {}, titles.map(function (title) {
      var button = make("button", "sort", { type: "button", "data-column": title[0] }, title[1]);
      var cell = make("th", "", { scope: "col" }, button);
      if (state.column === title[0]) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      button.addEventListener("click", function () {
        state.down = state.column === title[0] ? !state.down : title[0] !== "trial";
        state.column = title[0]; state.start = 0;
        sort();
        table.querySelector("[data-column='" + title[0] + "']").focus();
      });
      return cell;
    }));
    var body = make("tbody", "", {}, state.rows.slice(state.start, state.start + STEP).map(function (found) {
      var button = make("button", "open", { type: "button" }, found.trial);
      button.addEventListener("click", function () { show(found); sides.focus({ preventScroll: true }); sides.scrollIntoView({ block: "nearest" }); });
      var better = found.difference === null || found.difference === 0 ? "" : (found.difference > 0) === state.metric.higher ? "better" : "worse";
      return make("tr", "", {}, [make("td", "", {}, button), make("td", "", {}, text(found.a)), make("td", "", {}, text(found.b)),
        make("td", better, {}, found.difference === null ? "–" : signed(found.difference, state.metric.digits))]);
    }));
    table.replaceChildren(make("table", "", {}, [make("thead", "", {}, head), body]));
    var back = make("button", "plain", { type: "button" }, "Previous"), on = make("button", "plain", { type: "button" }, "Next");
    back.disabled = state.start === 0; on.disabled = state.start + STEP >= state.rows.length;
    back.addEventListener("click", function () { state.start -= STEP; draw(); });
    on.addEventListener("click", function () { state.start += STEP; draw(); });
    pager.replaceChildren(back, on, make("span", "note", {}, state.rows.length ? state.start + 1 + "–" + Math.min(state.start + STEP, state.rows.length) + " of " + state.rows.length.toLocaleString("en") : "none"));
    var heard = state.rows.filter(function (f) { return f.row[7] && f.twin[7]; })[0];
    show(heard || state.rows[0]);
  }
  function show(found) {
    if (!found) { sides.replaceChildren(); return; }
    sides.replaceChildren(make("h3", "", {}, found.trial), make("div", "", {}, [side(first, state.a, found.row), side(second, state.b, found.twin, found.row[7])]));
  }
  // The second side shows its answer alone: input and target are those of the first.
  function side(which, doc, row, given) {
    var parts = [make("p", "", {}, make("b", "", {}, names[which.select.value])), avbench.scoresOf(doc, row)];
    var takes = row[7] || [];
    if (given) takes = takes.filter(function (take) { return take.role === "answer"; });
    parts.push(takes.length ? avbench.takesOf(takes) : make("p", "note", {}, "No sound or film of this trial is here."));
    return make("div", "side", {}, parts);
  }

  // Every trial as a point: first system to the right, second one upwards.
  var SVG = "http://www.w3.org/2000/svg";
  function svg(tag, attributes, content) {
    var node = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    (content || []).forEach(function (part) { node.append(part); });
    return node;
  }
  function drawCloud() {
    var held = state.rows.filter(function (found) { return found.difference !== null; });
    if (!held.length) { cloud.replaceChildren(); return; }
    var values = held.map(function (f) { return f.a; }).concat(held.map(function (f) { return f.b; }));
    var low = Math.min.apply(null, values), high = Math.max.apply(null, values), gap = (high - low || 1) * 0.04;
    low -= gap; high += gap;
    var size = 340, edge = 44;
    function at(value) { return edge + (size - edge - 10) * (value - low) / (high - low); }
    function up(value) { return size - at(value); }
    var parts = [svg("path", { "class": "front", d: "M" + at(low) + " " + up(low) + "L" + at(high) + " " + up(high) })];
    [low + gap, (low + high) / 2, high - gap].forEach(function (tick) {
      var label = tick.toFixed(state.metric.digits);
      parts.push(svg("text", { "class": "tick middle", x: at(tick), y: size - edge + 18 }, [label]));
      parts.push(svg("text", { "class": "tick end", x: edge - 6, y: up(tick), dy: ".32em" }, [label]));
    });
    parts.push(svg("path", { "class": "rule", d: "M" + edge + " " + (10) + "V" + (size - edge) + "H" + (size - 10) }));
    parts.push(svg("text", { "class": "tick middle", x: (size + edge) / 2, y: size - 4 }, [names[first.select.value].slice(0, 40)]));
    parts.push(svg("text", { "class": "tick middle", x: -(size - edge) / 2, y: 10, transform: "rotate(-90)" }, [names[second.select.value].slice(0, 40)]));
    held.forEach(function (found) {
      var point = svg("circle", { "class": "dot c0", cx: at(found.a).toFixed(1), cy: up(found.b).toFixed(1), r: 2.6 },
        [svg("title", {}, [found.trial + ": " + text(found.a) + " and " + text(found.b)])]);
      point.addEventListener("click", function () { show(found); });
      parts.push(point);
    });
    cloud.replaceChildren(svg("svg", { "class": "figure cloud", viewBox: "0 0 " + size + " " + size, role: "img", "aria-label": "Each trial under both systems" }, parts));
  }
  [search, onlyMedia].forEach(function (control) { control.addEventListener("input", renew); });
  begin();
})();
