// Tables that sort and filter, players that keep their place, and all trials of a run. No library, no network.
// Texts of others enter the page as text nodes only.
(function () {
  "use strict";
  var root = document.body.dataset.root || "";
  var given = {}, waiting = {};

  // Make an element: its class, its attributes, what it holds.
  function make(tag, classes, attributes, content) {
    var node = document.createElement(tag);
    if (classes) node.className = classes;
    Object.keys(attributes || {}).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    [].concat(content === undefined ? [] : content).forEach(function (part) {
      node.append(part instanceof Node ? part : document.createTextNode(part));
    });
    return node;
  }
  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function safeLink(path) { return root + path.split("/").map(encodeURIComponent).join("/"); }

  // Documents: inline, or from a script beside the page.
  function give(name, value) {
    given[name] = value;
    (waiting[name] || []).forEach(function (then) { then(value); });
    delete waiting[name];
  }
  function want(name, then) {
    if (name in given) { then(given[name]); return false; }
    var first = !(name in waiting);
    (waiting[name] = waiting[name] || []).push(then);
    return first;
  }
  function load(name, then) {
    if (want(name, then)) document.head.append(make("script", "", { src: root + "data/" + encodeURIComponent(name) + ".js" }));
  }

  // Theme.
  var themes = ["auto", "light", "dark"], switcher = document.getElementById("theme");
  function theme(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    switcher.textContent = "Theme: " + name;
    try { localStorage.setItem("avbench-theme", name); } catch (e) { /* kept for this page alone */ }
  }
  switcher.textContent = "Theme: " + (document.documentElement.dataset.theme || "auto");
  switcher.addEventListener("click", function () {
    theme(themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3]);
  });

  // Sorting: values without a number come last, whichever way.
  function order(a, b, down) {
    var lacksA = a === null || a === "", lacksB = b === null || b === "";
    if (lacksA || lacksB) return lacksA - lacksB;
    var found = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
    return down ? -found : found;
  }
  function heads(row, sort) {
    all("th", row).forEach(function (head, column) {
      var button = make("button", "sort", { type: "button" }, head.textContent);
      head.textContent = "";
      head.append(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending" ||
          (!head.hasAttribute("aria-sort") && head.dataset.first === "down");
        if (head.getAttribute("aria-sort") === "descending") down = false;
        all("th", row).forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(column, down);
      });
    });
  }
  function key(row, column) {
    var cell = row.cells[column];
    if (!cell) return null;
    if (cell.dataset.sort !== undefined) return Number(cell.dataset.sort);
    var text = cell.textContent.trim();
    return text === "–" ? null : text;
  }
  all("table[data-sortable]").forEach(function (table) {
    heads(table.tHead.rows[0], function (column, down) {
      var body = table.tBodies[0], rows = all("tr", body);
      rows.map(function (row, i) { return [key(row, column), i, row]; })
        .sort(function (a, b) { return order(a[0], b[0], down) || a[1] - b[1]; })
        .forEach(function (item) { body.append(item[2]); });
    });
  });
  all("input[data-filter]").forEach(function (input) {
    input.addEventListener("input", function () {
      var words = input.value.toLowerCase().split(/\s+/);
      all(input.dataset.filter + " tbody tr").forEach(function (row) {
        var text = row.textContent.toLowerCase();
        row.hidden = !words.every(function (word) { return text.includes(word); });
      });
    });
  });

  // Legends: press to hide a line everywhere, point at one to see it alone.
  all("[data-toggle]").forEach(function (button) {
    function lines() { return all(".series").filter(function (line) { return line.dataset.series === button.dataset.toggle; }); }
    button.addEventListener("click", function () {
      var on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      lines().forEach(function (line) { line.classList.toggle("off", !on); });
    });
    function alone(yes) {
      var mine = lines();
      if (mine.length) all(".series").forEach(function (line) { line.classList.toggle("dim", yes && mine.indexOf(line) < 0); });
    }
    button.addEventListener("mouseenter", function () { alone(true); });
    button.addEventListener("mouseleave", function () { alone(false); });
  });

  // Tabs: arrows move between them.
  all("[data-tabs]").forEach(function (box) {
    var panels = all(":scope > [data-tab]", box);
    if (panels.length < 2) return;
    var list = make("div", "tabs", { role: "tablist", "aria-label": "Conditions" });
    var tabs = panels.map(function (panel, i) {
      var tab = make("button", "", { type: "button", role: "tab" }, panel.dataset.tab);
      panel.setAttribute("role", "tabpanel");
      tab.addEventListener("click", function () { show(i); });
      tab.addEventListener("keydown", function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        show((i + step + tabs.length) % tabs.length);
        tabs[(i + step + tabs.length) % tabs.length].focus();
      });
      list.append(tab);
      return tab;
    });
    function show(chosen) {
      tabs.forEach(function (tab, i) {
        tab.setAttribute("aria-selected", String(i === chosen));
        tab.tabIndex = i === chosen ? 0 : -1;
        panels[i].hidden = i !== chosen;
      });
    }
    box.prepend(list);
    show(Math.floor((panels.length - 1) / 2));
  });

  // Players: in a group only one plays, and the next begins where it was.
  function clock(seconds) { return seconds.toFixed(1) + " s"; }
  function sound(take, group) {
    var audio = make("audio", "", { preload: "none", src: safeLink(take.src) });
    var button = make("button", "play", { type: "button", "aria-pressed": "false", "aria-label": "Play " + take.title }, "▶");
    var head = make("i"), image = make("img", "", { src: safeLink(take.picture), alt: "Spectrogram: " + take.title, loading: "lazy" });
    var box = make("div", "spectrum", { title: "Click to hear from here" }, [image, head]);
    var about = make("span", "about", {}, take.text || "");
    var place = 0;
    function draw() {
      head.style.left = 100 * Math.min(1, place / (take.seconds || 1)) + "%";
      about.textContent = place ? clock(place) : take.text || "";
    }
    function frame() {
      if (audio.paused) return;
      group.place = place = audio.currentTime;
      draw();
      requestAnimationFrame(frame);
    }
    function seek(to) {
      group.place = place = Math.max(0, Math.min(to, take.seconds));
      if (audio.readyState > 0) audio.currentTime = Math.min(place, audio.duration || place);
      box.classList.add("held");
      draw();
    }
    audio.addEventListener("loadedmetadata", function () { if (place < audio.duration) audio.currentTime = place; });
    audio.addEventListener("play", function () {
      group.takes.forEach(function (other) { if (other !== audio) other.pause(); });
      button.textContent = "❚❚"; button.setAttribute("aria-pressed", "true"); box.classList.add("playing");
      requestAnimationFrame(frame);
    });
    audio.addEventListener("pause", function () {
      button.textContent = "▶"; button.setAttribute("aria-pressed", "false"); box.classList.remove("playing");
      box.classList.toggle("held", !audio.ended);
    });
    audio.addEventListener("ended", function () { group.place = place = 0; box.classList.remove("held"); draw(); });
    button.addEventListener("click", function () {
      if (!audio.paused) { audio.pause(); return; }
      seek(group.place || 0);
      audio.play().catch(function () { about.textContent = "cannot be played"; });
    });
    button.addEventListener("keydown", function (event) {
      var step = { ArrowRight: 0.5, ArrowLeft: -0.5 }[event.key];
      if (step) { event.preventDefault(); seek(place + step); }
    });
    box.addEventListener("click", function (event) {
      var area = box.getBoundingClientRect();
      seek(take.seconds * (event.clientX - area.left) / area.width);
      if (audio.paused) button.click();
    });
    group.takes.push(audio);
    return [make("header", "", {}, [button, make("span", "what", {}, take.title), about]), box];
  }
  function film(take, group) {
    var video = make("video", "", {
      src: safeLink(take.src), poster: safeLink(take.picture), preload: "none", controls: "", playsinline: "", "aria-label": take.title
    });
    video.addEventListener("play", function () {
      group.takes.forEach(function (other) { if (other !== video) other.pause(); });
    });
    group.takes.push(video);
    return [make("header", "", {}, [make("span", "what", {}, take.title), make("span", "about", {}, take.text || "")]), video];
  }
  function takesOf(list, wide) {
    var group = { takes: [], place: 0 }, box = make("div", wide ? "takes wide" : "takes");
    list.forEach(function (take) {
      var parts;
      if (take.kind === "sound") parts = sound(take, group);
      else if (take.kind === "film") parts = film(take, group);
      else {
        parts = [make("header", "", {}, make("span", "what", {}, take.title))];
        if (take.kind === "picture") parts.push(make("img", "still", { src: safeLink(take.src), alt: take.title, loading: "lazy" }));
        else parts.push(make(take.kind === "missing" ? "p" : "blockquote", take.kind === "missing" ? "note" : "", {}, take.text || "(empty)"));
      }
      if (take.note) parts.push(make("p", "note", {}, take.note));
      box.append(make("div", "take " + take.role, {}, parts));
    });
    return box;
  }

  // Scores of a trial in a line.
  function shown(document, row, column) {
    var value = row[4][column];
    return value === null ? "–" : value.toFixed(document.metrics[column].digits);
  }
  function scoresOf(document, row) {
    var line = make("p", "scores");
    document.metrics.forEach(function (metric, i) {
      if (i) line.append(" · ");
      line.append(metric.name + " ", make("b", "", {}, shown(document, row, i)), metric.unit ? " " + metric.unit : "");
    });
    return line;
  }
  function fill(document_, within) {
    var byTrial = {};
    document_.rows.forEach(function (row) { byTrial[row[0]] = row; });
    all("[data-takes]", within).forEach(function (place) {
      var row = byTrial[place.dataset.takes];
      if (!row) return;
      place.append(scoresOf(document_, row));
      if (row[7]) place.append(takesOf(row[7]));
    });
  }

  // All trials of a run.
  var STEP = 100;
  function worst(row) { return row[5].length ? Math.max.apply(null, row[5]) : 0; }
  function trialTable(box, doc) {
    var metrics = doc.metrics.length, axes = doc.axes.length, column = null, down = false, start = 0, found = doc.rows;
    var titles = ["trial", "clip", "speaker or cluster"].concat(doc.axes, doc.metrics.map(function (m) { return m.unit ? m.name + " " + m.unit : m.name; }), ["status"]);
    var search = make("input", "", { type: "search", placeholder: "trial, clip, speaker, reason", id: "trial-search" });
    var tools = make("div", "tools", {}, make("label", "", {}, ["find", search]));
    function choice(title, values) {
      var select = make("select", "", {}, [make("option", "", { value: "" }, "all")].concat(values.map(function (value) {
        return make("option", "", { value: value }, value);
      })));
      select.addEventListener("change", renew);
      tools.append(make("label", "", {}, [title, select]));
      return select;
    }
    var byAxis = doc.axes.map(function (axis, i) {
      var seen = {};
      doc.rows.forEach(function (row) { seen[String(row[3][i])] = row[3][i]; });
      return choice(axis, Object.keys(seen).sort(function (a, b) { return order(seen[a], seen[b]); }));
    });
    var byStatus = choice("status", doc.statuses.filter(function (_, i) { return doc.rows.some(function (row) { return row[5].indexOf(i) >= 0; }); }));
    var count = make("span", "note", { role: "status", "aria-live": "polite" });
    tools.append(count);
    var head = make("tr", "", {}, titles.map(function (title) { return make("th", "", { scope: "col" }, title); }));
    all("th", head).slice(1, 3).forEach(function (cell) { cell.classList.add("left"); });
    var body = make("tbody"), table = make("table", "", {}, [make("thead", "", {}, head), body]);
    var back = make("button", "plain", { type: "button" }, "Previous"), on = make("button", "plain", { type: "button" }, "Next");
    var where = make("span", "note");
    function value(row, i) {
      if (i < 3) return row[i];
      if (i < 3 + axes) return row[3][i - 3];
      if (i < 3 + axes + metrics) return row[4][i - 3 - axes];
      return doc.statuses[worst(row)];
    }
    function reasons(row) {
      return row[6].map(function (reason) { return reason < 0 ? "" : doc.reasons[reason]; });
    }
    function renew() {
      var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      var status = doc.statuses.indexOf(byStatus.value);
      found = doc.rows.filter(function (row) {
        if (byAxis.some(function (select, i) { return select.value && String(row[3][i]) !== select.value; })) return false;
        if (status >= 0 && row[5].indexOf(status) < 0) return false;
        if (!words.length) return true;
        var text = (row[0] + " " + row[1] + " " + row[2] + " " + reasons(row).join(" ")).toLowerCase();
        return words.every(function (word) { return text.includes(word); });
      });
      if (column !== null) {
        found = found.map(function (row, i) { return [value(row, column), i, row]; })
          .sort(function (a, b) { return order(a[0], b[0], down) || a[1] - b[1]; })
          .map(function (item) { return item[2]; });
      }
      start = 0;
      draw();
    }
    function detail(row) {
      var parts = [];
      doc.metrics.forEach(function (metric, i) {
        if (row[5][i] !== 0) parts.push(make("p", "status-" + doc.statuses[row[5][i]], {}, metric.name + ": " + doc.statuses[row[5][i]] + (reasons(row)[i] ? ", " + reasons(row)[i] : "")));
      });
      if (row[7]) parts.push(takesOf(row[7], true));
      else parts.push(make("p", "note", {}, "No media of this trial were made; --all-media makes those of all."));
      return make("tr", "detail", {}, make("td", "", { colspan: titles.length }, parts));
    }
    function draw() {
      var rows = found.slice(start, start + STEP).map(function (row) {
        var button = make("button", "open", { type: "button", "aria-expanded": "false" }, row[0]);
        var line = make("tr", "", {}, make("td", "", {}, button));
        for (var i = 1; i < titles.length; i++) {
          var text = i < 3 + axes || i === titles.length - 1 ? value(row, i) : shown(doc, row, i - 3 - axes);
          var cell = make("td", i < 3 ? "left" : "", {}, text === null || text === undefined ? "–" : String(text));
          if (i === titles.length - 1 && worst(row)) cell.className = "status-" + text;
          line.append(cell);
        }
        button.addEventListener("click", function () {
          var open = button.getAttribute("aria-expanded") === "true";
          button.setAttribute("aria-expanded", String(!open));
          if (open) line.nextSibling.remove(); else line.after(detail(row));
        });
        return line;
      });
      body.replaceChildren.apply(body, rows);
      var many = doc.rows.length.toLocaleString("en");
      count.textContent = found.length === doc.rows.length ? many + " trials" : found.length.toLocaleString("en") + " of " + many + " trials";
      where.textContent = found.length ? start + 1 + "–" + Math.min(start + STEP, found.length) + " of " + found.length.toLocaleString("en") : "none";
      back.disabled = start === 0;
      on.disabled = start + STEP >= found.length;
    }
    heads(head, function (i, descending) { column = i; down = descending; renew(); });
    search.addEventListener("input", renew);
    back.addEventListener("click", function () { start -= STEP; draw(); });
    on.addEventListener("click", function () { start += STEP; draw(); });
    box.replaceChildren(tools, make("div", "scroll", { role: "region", tabindex: "0", "aria-label": "All trials" }, table), make("div", "pager", {}, [back, on, where]));
    all("[data-show]").forEach(function (button) {
      button.addEventListener("click", function () {
        search.value = button.dataset.show;
        renew();
        document.getElementById("trials").scrollIntoView();
        search.focus({ preventScroll: true });
      });
    });
    draw();
  }

  all("script[type='application/json'][data-name]").forEach(function (script) { give(script.dataset.name, JSON.parse(script.textContent)); });
  var place = document.getElementById("trial-table");
  if (place) want(place.dataset.run, function (doc) { fill(doc, document); trialTable(place, doc); });

  window.avbench = {
    given: function (name) { return given[name]; }, give: give, load: load, make: make, all: all, takesOf: takesOf, scoresOf: scoresOf, order: order
  };
})();
