"""What is not said to be unused: what is named in a way that no scope, import or receiver tells, in many languages.

Each case has a definition that may be used, and one beside it that certainly is not.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from glossator.index.facts import Facts, Mention
from tests.unit.resolution.resolution_samples import Sample

Case = tuple[dict[str, str], str, str]

CASES: dict[str, Case] = {
    "python: a class that a test runner finds": (
        {"test_a.py": "class TestPool:\n    pass\nclass Testimony:\n    pass\n"},
        "TestPool",
        "Testimony",
    ),
    "rust: a type that an implementation gives a trait": (
        {
            "src/lib.rs": "pub trait Target { type Done; fn end(self) -> Self::Done; }\npub struct Text;\n"
            "impl Target for Text {\n  type Done = u8;\n  fn end(self) -> u8 { 1 }\n}\ntype Lone = u8;\n"
        },
        "Text.Done",
        "Lone",
    ),
    "java: what overrides a method that is handed over": (
        {
            "A.java": "package a;\ninterface Door { void open(String key); }\n"
            "class Gate implements Door { public void open(String key) {} public void lone(String key) {} }\n"
            "class Use { void go(Door door) { each(door::open); } }\n"
        },
        "Gate.open",
        "Gate.lone",
    ),
    "c#: the class where a program begins": (
        {"a.cs": "class Program { static void Main() {} }\nclass Lone { static void Run() {} }\n"},
        "Program",
        "Lone",
    ),
    "php: a member of a trait that implements an interface elsewhere": (
        {
            "a.php": "<?php\ninterface Entity { public function code(): string; }\n"
            "trait CodeTrait {\n  public function code(): string { return ''; }\n"
            "  public function lone(): string { return ''; }\n}\n"
            "class Grant { public function run(Entity $one) { return $one->code(); } }\n"
        },
        "CodeTrait.code",
        "CodeTrait.lone",
    ),
    "rust: what a library's trait is given for a type of another file": (
        {
            "src/lib.rs": "mod gate;\nmod shown;\n",
            "src/gate.rs": "pub struct Gate;\n",
            "src/shown.rs": "use crate::gate::Gate;\nuse std::fmt;\n"
            "impl fmt::Debug for Gate {\n  fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { Ok(()) }\n}\n"
            "impl Gate {\n  fn lone(&self) {}\n}\n",
        },
        "fmt",
        "lone",
    ),
    "kotlin: a class whose inner classes have tests": (
        {
            "a.kt": "package a\nclass AndTest {\n  class And {\n    @Test fun works() {}\n  }\n}\n"
            "class Lone {\n  class Inner\n}\n"
        },
        "AndTest",
        "Lone",
    ),
    "python: what a library's class may call, though its name is private": (
        {
            "a.py": "import argparse\nclass Parser(argparse.ArgumentParser):\n    def _print_message(self): pass\n"
            "class Late(ValueError):\n    def _lone(self): pass\n"
        },
        "Parser._print_message",
        "Late._lone",
    ),
    "python: a variable that a tool reads": (
        {"docs/conf.py": "html_theme = 'plain'\n", "a.py": "lone = 'plain'\n"},
        "html_theme",
        "lone",
    ),
    "python: a class that a library finds by its supertype": (
        {"a.py": "import scrapy\nclass Crawler(scrapy.Spider):\n    pass\nclass Late(ValueError):\n    pass\n"},
        "Crawler",
        "Late",
    ),
    "python: a class whose supertype's supertype is a library's": (
        {
            "a.py": "import lib\nclass Base(lib.Task):\n    pass\nclass Nightly(Base):\n    pass\n"
            "class Lone:\n    pass\n"
        },
        "Nightly",
        "Lone",
    ),
    "ruby: a class that a library finds by its supertype": (
        {
            "db/a.rb": "class AddStars < ActiveRecord::Migration[7.0]\n  def change\n    1\n  end\nend\n",
            "b.rb": "class Late < StandardError\nend\n",
        },
        "AddStars",
        "Late",
    ),
    "c#: a class that a library finds by its supertype": (
        {"a.cs": "class Shop : Controller {}\nclass Till : IDisposable { public void Dispose() {} }\n"},
        "Shop",
        "Till",
    ),
    "java: members of a class that is handed over": (
        {
            "A.java": "package shop;\n@Resolve(using = A.Builder.class)\nclass A {\n"
            "  static class Builder { Builder withY(int y) { return this; } }\n"
            "  static class Plain { void lone() { log(Plain.class); } }\n}\n"
        },
        "withY",
        "lone",
    ),
    "java: elements of annotations": (
        {"A.java": '@interface Name { String value(); }\nclass A { @Name("x") int a; void lone() {} }\n'},
        "value",
        "lone",
    ),
    "kotlin: members of a class that is handed over": (
        {
            "a.kt": "class Kot {\n  fun alpha() {}\n}\nclass Plain {\n  fun lone() {}\n}\n"
            "fun f() { reg(Kot::class.java) }\n"
        },
        "alpha",
        "lone",
    ),
    "c#: members of a class that is handed over": (
        {
            "a.cs": "class Sharp { public void Alpha() {} }\nclass Plain { public void Lone() {} }\n"
            "class U { void F() { Reg(typeof(Sharp)); } }\n"
        },
        "Alpha",
        "Lone",
    ),
    "php: members of a class that is handed over": (
        {
            "a.php": "<?php\nclass Phpc { public function alpha() {} }\n"
            "class Plain { public function lone() {} }\nreg(Phpc::class);\n"
        },
        "alpha",
        "lone",
    ),
    "rust: a macro around items": (
        {
            "src/lib.rs": "macro_rules! threaded { ($($t:tt)*) => { mod threads { $($t)* } } }\n"
            "macro_rules! lonely { () => {} }\n"
            '#[cfg(unix)]\nthreaded! {\n    #[test]\n    fn one() { assert!(true, "{"); }\n}\n'
        },
        "threaded",
        "lonely",
    ),
    "objective-c: a macro in place of an attribute": (
        {
            "a.h": "#define APP_DEPRECATED __attribute__((deprecated))\n#define APP_OTHER __attribute__((unused))\n",
            "b.m": '#import "a.h"\n@interface A : NSObject\n- (void)run APP_DEPRECATED;\n@end\nvoid lone(void) {}\n',
        },
        "APP_DEPRECATED",
        "lone",
    ),
    "c++: a variable that is brought out of a namespace": (
        {
            "a.cpp": "namespace app {\nstruct State { void trace(int n); void rest(int n); int count; };\n"
            "static State *current;\nvoid State::trace(int n) { count += n; }\n"
            "void State::rest(int n) { count -= n; }\n"
            '}\nusing app::current;\nextern "C" void hook(int n) { current->trace(n); }\n'
        },
        "trace",
        "rest",
    ),
    "python: getattr with a beginning": (
        {"a.py": 'class A:\n    def on_open(self): ...\n    def go(self, e): getattr(self, "on_" + e)()\n'},
        "on_open",
        "go",
    ),
    "python: getattr with an f-string, in another file": (
        {
            "a.py": "class A:\n    def do_run(self): ...\n    def un_run(self): ...\n",
            "b.py": 'def call(x, e): return getattr(x, f"do_{e}")()\n',
        },
        "do_run",
        "un_run",
    ),
    "python: getattr with any name, in a class above": (
        {
            "base.py": "class Base:\n    def visit(self, name): return getattr(self, name)()\n",
            "a.py": "from base import Base\nclass Walk(Base):\n    def add(self): ...\n"
            "class Other:\n    def sub(self): ...\n",
        },
        "add",
        "sub",
    ),
    "python: names of globals": (
        {"a.py": "def make(): ...\nglobals()['make']()\n", "b.py": "def lonely(): ...\n"},
        "make",
        "lonely",
    ),
    "python: attrgetter and methodcaller": (
        {
            "a.py": "import operator\nclass A:\n    def alpha(self): ...\n    def beta(self): ...\n"
            'f = operator.methodcaller("alpha")\n'
        },
        "alpha",
        "beta",
    ),
    "python: a module that looks its members up": (
        {
            "lz/__init__.py": "def __getattr__(name): return load(name)\n",
            "lz/impl.py": "class Thing: ...\nclass Rest: ...\n",
            "u.py": "from lz import Thing\n",
        },
        "Thing",
        "Rest",
    ),
    "python: members of enums in cases": (
        {
            "a.py": "class Kind:\n    BIG = 1\n    SMALL = 2\ndef f(k):\n    match k:\n        case Kind.BIG: ...\n",
        },
        "BIG",
        "SMALL",
    ),
    "python: what a test runner finds": (
        {"a.py": "class Thing:\n    def setup_method(self): ...\n    def set_it(self): ...\n"},
        "setup_method",
        "set_it",
    ),
    "python: what a notebook calls": (
        {"a.py": "class Thing:\n    def _repr_html_(self): ...\n    def _shown(self): ...\n"},
        "_repr_html_",
        "_shown",
    ),
    "javascript: members by a name that is put together": (
        {"a.js": "class A { onX() {} x() {} fire(e) { this[`on${e}`](); } }\n"},
        "onX",
        "x",
    ),
    "javascript: members by any name": (
        {
            "a.js": "class Table { open() {} }\nfunction run(n) { table[n](); }\n",
            "b.js": "class Chair { shut() {} }\n",
        },
        "open",
        "shut",
    ),
    "javascript: what a module passes on of others": (
        {
            "lib/a.js": "exports.alpha = () => 1;\nexports.beta = () => 1;\n",
            "lib/index.js": "module.exports = { ...require('./a') };\n",
            "use.js": "const { alpha } = require('./lib');\nalpha();\n",
        },
        "alpha",
        "beta",
    ),
    "javascript: what a module passes on of something unknown": (
        {
            "lib/a.js": "exports.alpha = () => 1;\nexports.beta = () => 1;\n",
            "lib/index.js": "const all = load();\nmodule.exports = { ...all };\n",
            "use.js": "const { alpha } = require('./lib');\nalpha();\n",
        },
        "alpha",
        "beta",
    ),
    "typescript: constants of a namespace": (
        {"a.ts": "namespace Deep { export const K = 1; export const L = 2; }\nf(Deep.K);\n"},
        "K",
        "L",
    ),
    "typescript: members of a decorated class": (
        {"a.ts": "@Component({})\nclass A { onInit() {} }\nclass B { other() {} }\n"},
        "onInit",
        "other",
    ),
    "go: what the test runner finds": (
        {"a_test.go": "package a\nfunc BenchmarkA(b *testing.B) {}\nfunc benchAll() {}\n"},
        "BenchmarkA",
        "benchAll",
    ),
    "java: methods by a name that is put together": (
        {
            "A.java": "class A { private void getX() {} private void x() {}\n"
            ' void f(String n) throws Exception { getClass().getDeclaredMethod("get" + n); } }\n'
        },
        "getX",
        "x",
    ),
    "kotlin: members of a lambda's receiver": (
        {
            "a.kt": "class Door {\n    fun lift() {}\n    fun shut() {}\n}\n",
            "b.kt": "fun f(d: Any) {\n    with(d) { lift() }\n}\n",
        },
        "lift",
        "shut",
    ),
    "java: a class by its full name, in a package that no folder is named after": (
        {
            "A.java": "package shop.core;\npublic class Tool { static class In {} }\nclass Rest {}\n",
            "B.java": "package web;\nclass B { shop.core.Tool tool; }\n",
        },
        "Tool",
        "Rest",
    ),
    "rust: methods of a trait that all types of another one have": (
        {
            "src/lib.rs": "trait Extra { fn more(&self); fn less(&self); }\n"
            "struct O;\nimpl<X: Copy> Extra for X { fn more(&self) {} fn less(&self) {} }\nfn f() { O.more(); }\n",
        },
        "Extra.more",
        "Extra.less",
    ),
    "rust: variants of an enum by their bare names in patterns": (
        {
            "src/lib.rs": "enum E { First, Second, Third }\nuse E::*;\n"
            "fn f(e: E) { match e { First => {} Second => {} } }\n",
        },
        "Second",
        "Third",
    ),
    "kotlin: members of a companion that has a name": (
        {
            "a.kt": "class Door {\n    companion object Maker {\n        fun make() = Door()\n"
            "        fun wreck() = Door()\n    }\n}\nfun f() {\n    Door.make()\n}\n",
        },
        "make",
        "wreck",
    ),
    "kotlin: functions by their full names": (
        {
            "k/a.kt": "package k\nfun fallback() {}\nfun forward() {}\n",
            "b.kt": "package m\nfun f() {\n    k.fallback()\n}\n",
        },
        "fallback",
        "forward",
    ),
    "swift: operators, which are declared at the top of a file": (
        {"a.swift": "prefix func ++(a: Int) -> Int { a }\nfunc lone() {}\n"},
        "++",
        "lone",
    ),
    "swift: the description of a package": (
        {"Package@swift-6.0.swift": "let package = Package(name: 1)\n", "a.swift": "let lone = 1\n"},
        "package",
        "lone",
    ),
    "swift: members of an enum without its name": (
        {
            "a.swift": "enum Kind {\n    case big, small, odd\n}\nfunc f(k: Kind) {\n"
            "    if case .small = k { print(k) }\n}\n",
        },
        "small",
        "odd",
    ),
    "swift: what extends the class of a library that a class is based on": (
        {
            "a.swift": "extension UIView {\n    func shake() {}\n    func rest() {}\n}\n",
            "b.swift": "class MyView: UIView {\n    func f() { shake() }\n}\n",
        },
        "shake",
        "rest",
    ),
    "python: what a metaclass may call": (
        {
            "a.py": "class A(metaclass=Registry):\n    def run(self): ...\n"
            "class B(metaclass=ABCMeta):\n    def go(self): ...\n"
        },
        "run",
        "go",
    ),
    "c: names that are pasted together": (
        {"a.c": "#define CALL(f) do_##f\nstatic void do_read(void) {}\nstatic void un_read(void) {}\n"},
        "do_read",
        "un_read",
    ),
    "cpp: what a loop over a range calls": (
        {"a.cpp": "class A { int* begin(); int* first(); };\n"},
        "begin",
        "first",
    ),
    "csharp: members in patterns": (
        {"A.cs": "class P { int Left; int Top; }\nclass Q { bool F(object o) => o is { Left: 1 }; }\n"},
        "Left",
        "Top",
    ),
    "php: methods by a name that is put together": (
        {"a.php": "<?php class A { function getX() {} function x() {} function f($n) { $this->{'get' . $n}(); } }\n"},
        "getX",
        "x",
    ),
    "php: callables whose name is put together": (
        {"a.php": '<?php class A { function onX() {} function x() {} function f($n) { return [$this, "on$n"]; } }\n'},
        "onX",
        "x",
    ),
    "php: methods of traits under another name": (
        {
            "a.php": "<?php trait T { function shout() {} function whisper() {} }\n"
            "class A { use T { shout as protected cry; } }\n"
        },
        "shout",
        "whisper",
    ),
    "ruby: methods by a name that is put together": (
        {"a.rb": 'class A\n  def on_x; end\n  def x; end\n  def f(e); send("on_#{e}"); end\nend\n'},
        "on_x",
        "x",
    ),
    "ruby: names that end in a question mark": (
        {"a.rb": "class A\n  def ready?; end\n  def done?; end\nend\n", "b.rb": "f(a.ready?)\n"},
        "ready?",
        "done?",
    ),
    "ruby: names that end in an exclamation mark": (
        {"a.rb": "class A\n  def save!; end\n  def drop!; end\n  def f; save!; end\nend\n"},
        "save!",
        "drop!",
    ),
    "ruby: methods that assignments call": (
        {"a.rb": "class A\n  def size=(n); end\n  def width=(n); end\nend\n", "b.rb": "a.size = 3\n"},
        "size=",
        "width=",
    ),
    "rust: all names of a module in the file": (
        {
            "src/lib.rs": "mod util { pub const MAX: u32 = 1; pub const MIN: u32 = 0; }\n"
            "use util::*;\nfn f() { g(MAX) }\n"
        },
        "MAX",
        "MIN",
    ),
    "rust: paths in macros": (
        {
            "src/lib.rs": "pub mod util { pub fn go() {} pub fn stay() {} }\n"
            "macro_rules! call { () => { $crate::util::go() } }\n"
        },
        "go",
        "stay",
    ),
    "rust: methods of what a macro is given, named like something else": (
        {
            "src/lib.rs": "struct A;\nstruct B;\nimpl A { fn go(&self) {} fn stay(&self) {} }\nstatic given: B = B;\n"
            "macro_rules! call { ($given:expr) => { $given.go() } }\n"
        },
        "go",
        "stay",
    ),
    "rust: names that a macro is given": (
        {
            "src/lib.rs": "trait Sums { fn go(&self); fn stay(&self); }\nmacro_rules! time { ($($f:ident),*) => {}; }\n"
            "time! { go }\n"
        },
        "go",
        "stay",
    ),
    "rust: a module beside a local variable of its name": (
        {"src/lib.rs": "mod it { pub fn go() {} pub fn stay() {} }\nfn f() { let it = 1; it::go(); }\n"},
        "go",
        "stay",
    ),
    "c#: a class of tests": (
        {
            "A.cs": "namespace A; public class GoTests { [Fact] public void Works() {} }\n"
            "public class Stay { public void Works() {} }\n"
        },
        "GoTests",
        "Stay",
    ),
    "c#: namespaces that settings open": (
        {
            "A.cs": "namespace A.Inner; class Go {}\nclass Stay {}\n",
            "B.cs": "namespace B; class Uses { void Run() { new Go(); } }\n",
        },
        "Go",
        "Stay",
    ),
    "c#: constructors without a name": (
        {"A.cs": "class Go { Go() {} static Go Shared = new(); void Stay() {} }\n"},
        "Go.Go",
        "Stay",
    ),
    "kotlin: an extension that overrides a library's": (
        {
            "A.kt": "import lib.Element\nimport lib.Info\nclass A : Element() {\n    override fun Info.go() {}\n}\n"
            "class B {\n    fun Info.stay() {}\n}\n"
        },
        "go",
        "stay",
    ),
    "c++: methods of a class that is defined outside its class": (
        {
            "a.h": "class Cursor { public: virtual void go() = 0; };\nclass Leaf { class Walker; };\n",
            "a.cc": '#include "a.h"\nclass Leaf::Walker : public Cursor { void go() override {} void stay() {} };\n'
            "void run(Cursor* c) { c->go(); }\n",
        },
        "Walker.go",
        "stay",
    ),
    "typescript: a module that another one adds to": (
        {
            "a.test.ts": 'import * as kit from "kit/v2";\ndeclare module "kit/v2" { interface Shape {} }\n',
            "b.ts": 'import * as kit from "kit/v2";\nkit.go();\n',
            "src/kit.ts": "export function go() {}\nexport function stay() {}\n",
        },
        "go",
        "stay",
    ),
    "go: tests in a package of their own": (
        {
            "go.mod": "module example.com/app\n",
            "zip/zip.go": "package zip\n\nfunc pack() {}\n",
            "zip/export_test.go": "package zip\n\nfunc Go() { pack() }\n\nfunc Stay() {}\n",
            "zip/zip_test.go": 'package zip_test\n\nimport "example.com/app/zip"\n\nfunc Run() { zip.Go() }\n',
            "other/other_test.go": 'package other\n\nimport "example.com/app/zip"\n\nfunc Run() { zip.Stay() }\n',
        },
        "Go",
        "Stay",
    ),
    "go: fields of a structure without a name": (
        {
            "a.go": "package a\n\nvar metrics = struct {\n\tgoing int\n\tstaying int\n}{}\n\n"
            "func run() { metrics.going = 1 }\n"
        },
        "going",
        "run",
    ),
    "go: methods of an interface without a name": (
        {
            "a.go": "package a\n\nfunc run(x any) {\n\tif y, ok := x.(interface{ goOn(n int) }); ok {\n"
            "\t\ty.goOn(1)\n\t}\n\t_, _ = x.(interface{ stayHere(n int) })\n}\n"
        },
        "goOn",
        "run",
    ),
    "python: what a class method calls on any class below": (
        {
            "base.py": "class Base:\n    def _go(cls): ...\n    @classmethod\n    def make(cls): return cls._go()\n",
            "a.py": "from base import Base\nclass Below(Base):\n    @classmethod\n    def _go(cls): ...\n"
            "    @classmethod\n    def _stay(cls): ...\n",
        },
        "Below._go",
        "_stay",
    ),
    "python: what a class takes from the class beside": (
        {
            "base.py": "class Base:\n    def kind(self): ...\n    def run(self): return self.kind()\n",
            "a.py": "from base import Base\nclass Mixed:\n    def kind(self): ...\n    def stay(self): ...\n"
            "class Both(Mixed, Base): ...\n",
        },
        "Mixed.kind",
        "stay",
    ),
    "python: private members below a class that is not known": (
        {
            "a.py": "class Base:\n    def run(self): return self._go()\n",
            "b.py": "def check(base):\n    class Below(base.kind):\n        def _go(self): ...\n"
            "    return Below\nclass Alone:\n    def _stay(self): ...\n",
        },
        "Below._go",
        "_stay",
    ),
    "python: what a class inside a function overrides": (
        {
            "a.py": "class Base:\n    def look(self): ...\n    def run(self): return self.look()\n",
            "b.py": "from a import Base\ndef check():\n    class Below(Base):\n        def look(self): ...\n"
            "        def stay(self): ...\n    return Below()\n",
        },
        "Below.look",
        "stay",
    ),
    "typescript: members of an object whose type is declared": (
        {
            "a.ts": "type Gesture = { going: number };\nfunction staying() {}\n"
            "const gesture: Gesture = {\n  going: 1,\n};\nexport function f() { return gesture.going; }\n"
        },
        "going",
        "staying",
    ),
    "javascript: a module by the name that an import map gives it": (
        {
            "js/kit.js": "export function go() {}\n",
            "js/other.js": "export function stay() {}\n",
            "js/user.js": 'import { go } from "kit";\ngo();\n',
        },
        "go",
        "stay",
    ),
    "python: fields that a constructor is made for": (
        {
            "a.py": "@dataclass\nclass Point:\n    x: int\n    def lone(self):\n        return 1\nhere = Point(1)\n",
        },
        "x",
        "lone",
    ),
    "go: fields that are given values by their order": (
        {"a.go": "package a\ntype Point struct { X int }\nvar here = Point{1}\nfunc lone() {}\n"},
        "X",
        "lone",
    ),
    "c++: fields that are given values by their order": (
        {"a.cpp": "struct Point { int x; void lone() {} };\nPoint here{1};\n"},
        "x",
        "lone",
    ),
    "c++: namespaces": (
        {"a.cpp": "namespace shop { void pay(); }\nvoid run() { shop::pay(); }\n"},
        "shop",
        "run",
    ),
    "rust: a module beside, and what is in it": (
        {
            "a.rs": "mod shop { pub fn pay() {} pub mod till { pub fn lone() {} } }\n"
            "fn run() { use shop::{self, till}; shop::pay(); }\n"
        },
        "pay",
        "lone",
    ),
    "typescript: what a module is": (
        {"page.ts": "export default function page() {}\nexport function lone() {}\n"},
        "page",
        "lone",
    ),
    "typescript: what is declared for all": (
        {
            "a.ts": "export {};\ndeclare global { interface Window { shop: number } }\n"
            "interface Till { lone: number }\n",
            "b.ts": "export const shop = () => window.shop;\n",
        },
        "shop@a.ts",
        "lone",
    ),
    "php: members of an enum that are made from values": (
        {"a.php": "<?php\nenum Suit: string { case Hearts = 'h'; }\nfunction lone() {}\nSuit::from('h');\n"},
        "Hearts",
        "lone",
    ),
    "php: methods of a class that has no name": (
        {
            "a.php": "<?php\nabstract class Base { function run() { $this->hook(); } abstract function hook(); }\n"
            "$x = new class extends Base { function hook() {} };\n",
            "b.php": "<?php\nclass Lone {}\n",
        },
        "hook",
        "Lone",
    ),
    "java: methods of a class that has no name": (
        {
            "A.java": "class A { void f(Base base) { base.hook(); new Base() { void hook() {} }; } void lone() {} }\n"
            "class Base { void hook() {} }\n"
        },
        "A.f.hook",
        "lone",
    ),
    "java: what Kotlin calls like properties": (
        {
            "J.java": "package p;\nclass J { int getURLPath() { return 1; } int getLone() { return 1; } }\n",
            "k.kt": "package p\nfun f(j: J) {\n  j.urlPath\n}\n",
        },
        "getURLPath",
        "getLone",
    ),
    "ruby: readers that assignments call": (
        {
            "a.rb": "class Cart\n  def sum\n  end\n  def sum=(it)\n  end\n  def lone\n  end\n"
            "  def add\n    self.sum += 1\n  end\nend\n"
        },
        "Cart.sum",
        "lone",
    ),
    "ruby: methods of one object": (
        {"a.rb": "it = Object.new\ndef it.go\nend\nit.go\nclass Lone\nend\n"},
        "go",
        "Lone",
    ),
    "c#: what a library's function gives": (
        {
            "a.cs": "using System.Data;\nclass Row { public int Size { get; set; } public int Lone { get; set; }\n"
            "  void Go() {} }\n"
            "class Shop { void F(DbConnection db) { Use(db.Query<Row>().First().Size); } }\n"
        },
        "Size",
        "Lone",
    ),
    "go: what a library's function gives": (
        {
            "a.go": 'package a\n\nimport "lib"\n\ntype Row struct{}\n\nfunc (r *Row) size() {}\n\n'
            "func (r *Row) lone() {}\n\nfunc run() { lib.Must(&Row{}, nil).size() }\n"
        },
        "size",
        "lone",
    ),
    "typescript: what stands in for a library": (
        {
            "mocks/kit.ts": "export const Kit = proxy;\nexport const lone = proxy;\n",
            "src/a.ts": "import { Kit } from '@kit/core';\nnew Kit();\n",
        },
        "Kit",
        "lone",
    ),
    "typescript: functions that are assigned to a variable": (
        {
            "a.ts": "export function run(all) {\n  let trim;\n  all.forEach(() => {\n    trim = () => 1;\n  });\n"
            "  trim();\n}\nfunction lone() {}\n",
        },
        "trim",
        "lone",
    ),
    "swift: what extends a library's type": (
        {"a.swift": "extension Encoder {\n  func lone() {}\n}\nfunc run(it: Encoder) {}\n"},
        "Encoder",
        "lone",
    ),
    "java: constructors that an enum's constants call": (
        {"A.java": "enum Op { ADD(1); Op(int x) {} void lone() {} }\n"},
        "Op.Op",
        "lone",
    ),
    "java: constructors that classes below call": (
        {"A.java": "class Base { Base() {} Base(int lone) {} }\nclass Below extends Base {}\nclass Lone {}\n"},
        "Base.Base",
        "Lone",
    ),
    "rust: what a trait has for every type": (
        {
            "a.rs": "trait Show { fn show(&self); }\nimpl<T: Copy> Show for T { fn show(&self) {} }\n"
            "fn run(all: &[Box<dyn Show>]) { all.iter().map(|it| it.show()); }\n"
        },
        "T.show",
        "run",
    ),
    "c: a variable that a header declares": (
        {"a.h": "extern int size;\nint lone;\n", "a.c": "int size = 0;\nint run(void) { return size++; }\n"},
        "size@a.h",
        "lone",
    ),
    "python: members of a class that is handed over": (
        {
            "a.py": "class Fake:\n    def go(self): ...\nclass Kept:\n    def lone(self): ...\n"
            "patch.side_effect = Fake\nKept()\n"
        },
        "go",
        "lone",
    ),
    "java: constructors that libraries call": (
        {"A.java": "class Shop { Shop(Till till) {} void lone() {} }\nclass Town { @Inject Shop shop; }\n"},
        "Shop.Shop",
        "lone",
    ),
    "python: members of a module that is loaded by its name": (
        {
            "backends/fast.py": "def connect(url): ...\ndef lone(): ...\n",
            "a.py": "from importlib import import_module\ndef run(name):\n    kit = import_module(name)\n"
            "    return kit.connect(1)\n",
        },
        "connect",
        "lone",
    ),
    "typescript: variables that a declaration file has": (
        {
            "shims.d.ts": "declare var profile: string;\n",
            "a.ts": "export const x = global.profile;\nfunction lone() {}\n",
        },
        "profile",
        "lone",
    ),
    "c++: what an enum in a class holds": (
        {
            "a.cpp": "struct Tree { enum Action { kKept, kMoved }; void lone() {} };\n"
            "int run(int it) { return it == Tree::kMoved; }\n"
        },
        "kMoved",
        "lone",
    ),
    "c++: macros": (
        {"a.cpp": "#define GUARDED(x)\nstruct Shop { int* at() const GUARDED(lock); void lone() {} };\n"},
        "GUARDED",
        "lone",
    ),
    "c++: a bare name in a macro's arguments": (
        {
            "a.cpp": "#define GO(to) run(Step::to)\nenum class Step { kFirst, kLone };\n"
            "void run(Step it) { GO(kFirst); }\n"
        },
        "kFirst",
        "kLone",
    ),
    "kotlin: members of a block's receiver, beside the class's own": (
        {
            "a.kt": "class Shop {\n  fun go() {}\n  fun lone() {}\n}\n"
            "class Till {\n  fun go() {}\n  fun run() {\n    Shop().apply {\n      go()\n    }\n  }\n}\n"
        },
        "Shop.go",
        "lone",
    ),
    "python: a variable that pytest reads": (
        {"tests/test_a.py": "import pytest\npytestmark = pytest.mark.slow\nlone = 1\n"},
        "pytestmark",
        "lone",
    ),
    "python: what a script imports of a module by its bare name": (
        {
            "shop/__init__.py": "",
            "shop/shelves.py": "class Shelf:\n    pass\nclass Lone:\n    pass\n",
            "bench/run.py": "from shelves import Shelf\nShelf()\n",
        },
        "Shelf",
        "Lone",
    ),
    "ruby: tasks": (
        {"Rakefile": "task :dist do\n  run\nend\n", "a.rb": "def lone\n  1\nend\n"},
        "dist",
        "lone",
    ),
    "ruby: a class named like its file, where constants are found by name": (
        {
            "apps/my_shop.rb": "class MyShop\nend\nclass Lone\nend\n",
            "b.rb": "def load(path)\n  Object.const_get(File.basename(path).capitalize)\nend\nload(1)\n",
        },
        "MyShop",
        "Lone",
    ),
    "ruby: a class of tests whose supertype is opened again": (
        {
            "a.rb": "class ShopTest < Minitest::Test\n  def test_open\n    1\n  end\nend\n"
            "class Lone < Minitest::Test\nend\n",
            "helper.rb": "module Minitest\n  class Test\n    def fixture\n      1\n    end\n  end\nend\n",
        },
        "ShopTest",
        "Lone",
    ),
    "ruby: a class of tests with names in quotes": (
        {
            "a.rb": "class ShopTest < Shop::IntegrationTest\n  test 'it opens' do\n    assert true\n  end\nend\n"
            "class Lone < Shop::IntegrationTest\nend\n",
            "helper.rb": "module Shop\n  class IntegrationTest < ActionDispatch::IntegrationTest\n  end\nend\n"
            "class ActionDispatch::IntegrationTest\n  def fixture\n    1\n  end\nend\n",
        },
        "ShopTest",
        "Lone",
    ),
    "kotlin: a member of an object that a property holds": (
        {
            "a.kt": "package a\nclass Outer {\n  private val subject = object : Rule(1) {\n    val shown = 2\n"
            "    val lone = 3\n  }\n  fun check() = assertThat(subject.shown)\n}\n"
            "open class Rule(size: Int) : Base()\n",
        },
        "shown",
        "lone",
    ),
    "kotlin: a member of an object that a variable of a function holds": (
        {
            "a.kt": "package a\nclass Outer {\n  fun check() {\n    val subject = object : Rule(1) {\n"
            "      fun show() = 2\n      fun lone() = 3\n    }\n    subject.show()\n  }\n}\n"
            "open class Rule(size: Int) : Base()\n",
        },
        "show",
        "lone",
    ),
    "ruby: a method of a library's class, which may call it": (
        {
            "Rakefile": "class ::Rake::JavaExtensionTask\n  def source_files\n    1\n  end\nend\n"
            "class Own\n  def lone\n    1\n  end\nend\n",
        },
        "source_files",
        "lone",
    ),
    "ruby: what a runner of tests calls in what is mixed in": (
        {"a.rb": "module Sockets\n  def before_setup\n    1\n  end\n  def lone\n    1\n  end\nend\n"},
        "before_setup",
        "lone",
    ),
    "rust: what one of two modules has whose names are brought in": (
        {
            "src/lib.rs": "mod powers;\nmod small;\nmod large;\nfn run() { powers::FIVE; }\n",
            "src/powers.rs": "#[cfg(a)]\npub use super::small::*;\n#[cfg(b)]\npub use super::large::*;\n",
            "src/small.rs": "pub const FIVE: u8 = 5;\n",
            "src/large.rs": "pub const FIVE: u8 = 5;\npub const LONE: u8 = 5;\n",
        },
        "FIVE@src/large.rs",
        "LONE",
    ),
    "rust: what a module has whose file has another name": (
        {
            "src/lib.rs": "pub mod io;\nfn run() { io::Fault::new(); }\n",
            "src/io/mod.rs": 'pub use self::imp::Fault;\n#[cfg(a)]\n#[path = "core.rs"]\nmod imp;\n'
            "#[cfg(b)]\nuse std::io as imp;\n",
            "src/io/core.rs": "pub struct Fault;\nimpl Fault { pub fn new() -> Fault { Fault } }\npub struct Lone;\n",
        },
        "Fault.new",
        "Lone",
    ),
    "rust: a module that the path of an import names": (
        {
            "src/lib.rs": "mod till {\n  pub fn open() {}\n  pub fn lone() {}\n}\n"
            "pub use self::till::open;\nfn run() { open(); }\n",
        },
        "till",
        "lone",
    ),
    "rust: a constant without a name": (
        {"src/lib.rs": "const _: () = check();\nconst LONE: u8 = 1;\n"},
        "_",
        "LONE",
    ),
    "kotlin: members of an enum, which may be listed": (
        {"a.kt": "package a\nenum class Tea { GREEN, BLACK }\nclass Lone\n"},
        "Tea.GREEN",
        "Lone",
    ),
    "c#: members of an enum, which may be made from numbers": (
        {"a.cs": "enum Tea { Green, Black }\nclass Lone {}\n"},
        "Tea.Green",
        "Lone",
    ),
    "kotlin: a function that is called in a class without a name": (
        {
            "a.kt": "package a\nfun pour() = 1\nfun lone() = 1\n",
            "b.kt": "package a\nenum class Tea {\n  GREEN {\n    override fun serve() = pour()\n  };\n"
            "  abstract fun serve(): Int\n}\n",
        },
        "pour",
        "lone",
    ),
    "kotlin: an extension that Java calls": (
        {
            "Tools.kt": "package a\nobject Tools {\n  @JvmStatic\n  fun String.shout() = 1\n"
            "  fun String.lone() = 1\n}\n",
            "B.java": 'package b;\nimport a.Tools;\nclass B { int run() { return Tools.shout("x"); } }\n',
        },
        "shout",
        "lone",
    ),
    "swift: members of an enum that are made from what they stand for": (
        {"a.swift": "enum Tea: String { case green, black }\nenum Cup { case small }\n"},
        "Tea.green",
        "Cup.small",
    ),
    "c#: a class that the project finds by its interface": (
        {
            "a.cs": "interface IJob<T> {}\ninterface IPlain {}\nclass Nightly : IJob<int> {}\nclass Lone : IPlain {}\n",
            "b.cs": "class Scan { void Run() { Find(typeof(IJob<>)); } }\n",
        },
        "Nightly",
        "Lone",
    ),
    "python: a class of which its supertype hears": (
        {
            "a.py": "class Job:\n    def __init_subclass__(cls):\n        jobs.append(cls)\n"
            "class Nightly(Job):\n    pass\nclass Plain:\n    pass\nclass Lone(Plain):\n    pass\n",
        },
        "Nightly",
        "Lone",
    ),
    "python: a class that is found among the subclasses of its supertype": (
        {
            "a.py": "class Job:\n    pass\nclass Nightly(Job):\n    pass\n"
            "class Plain:\n    pass\nclass Lone(Plain):\n    pass\n",
            "b.py": "from a import Job\njobs = Job.__subclasses__()\n",
        },
        "Nightly",
        "Lone",
    ),
    "ruby: a class of which its supertype hears": (
        {
            "a.rb": "class Job\n  def self.inherited(one)\n    jobs << one\n  end\nend\nclass Nightly < Job\nend\n"
            "class Plain\nend\nclass Lone < Plain\nend\n",
        },
        "Nightly",
        "Lone",
    ),
    "c#: properties of a type without methods, which a table's rows fill": (
        {
            "a.cs": "class Dog { public string Name { get; set; } }\n"
            "class Till { public int Lone { get; set; } void Go() {} }\n"
        },
        "Dog.Name",
        "Till.Lone",
    ),
    "c#: what the compiler looks for": (
        {
            "a.cs": "namespace System.Runtime.CompilerServices;\nclass IsExternalInit {}\n",
            "b.cs": "class Lone {}\n",
        },
        "IsExternalInit",
        "Lone",
    ),
    "c#: a class of extensions": (
        {
            "a.cs": "static class Texts { public static int Shout(this string text) { return 1; } }\n"
            "class Lone { int Shout(string text) { return 1; } }\n"
        },
        "Texts",
        "Lone",
    ),
    "c#: a class that inherits tests": (
        {
            "a.cs": "abstract class Base<T> { [Fact] public void Opens() {} }\nclass Plain { public void Go() {} }\n"
            "class Tests : Base<int> {}\nclass Lone : Plain {}\n"
        },
        "Tests",
        "Lone",
    ),
    "c: a test that a generated runner calls": (
        {"test/a.c": "void test_opens(void) {\n}\nvoid lone(void) {\n}\n"},
        "test_opens",
        "lone",
    ),
    "c: a structure that a header only declares": (
        {
            "pool.h": "typedef struct pool_s pool;\nvoid pool_open(pool *one);\n",
            "pool.c": '#include "pool.h"\nstruct pool_s {\n  int size;\n};\nstruct lone_s {\n  int size;\n};\n'
            "void pool_open(pool *one) {\n  one->size = 1;\n}\n",
        },
        "pool_s",
        "lone_s",
    ),
    "ruby: a namespace of tasks": (
        {"a.rb": "namespace :db do\n  run\nend\nmodule Lone\nend\n"},
        "db",
        "Lone",
    ),
    "javascript: what a module offers that is handed over whole": (
        {
            "tests.js": "exports.even = (n) => n % 2 === 0;\n",
            "other.js": "exports.lone = (n) => n % 2 === 0;\n",
            "a.js": "const tests = require('./tests');\nconst other = require('./other');\n"
            "Object.entries(tests).forEach(run);\nother.odd(1);\n",
        },
        "even",
        "lone",
    ),
    "php: what an attribute of a namespace stands before": (
        {
            "a.php": "<?php\nuse PhpBench\\Attributes as Bench;\n"
            "class ShopBench {\n  #[Bench\\Subject]\n  public function opens(): void {}\n"
            "  public function lone(): void {}\n}\n"
        },
        "opens",
        "lone",
    ),
    "c#: what an attribute with its namespace stands before": (
        {"a.cs": "class ShopTests { [Xunit.Fact] public void Opens() {} public void Lone() {} }\n"},
        "Opens",
        "Lone",
    ),
    "java: what an annotation with its package stands before": (
        {"A.java": "class A { @org.junit.jupiter.api.Test void opens() {} void lone() {} }\n"},
        "opens",
        "lone",
    ),
    "kotlin: a task of a build": (
        {
            "build.gradle.kts": "val everything by tasks.registering {\n  doLast { }\n}\n",
            "a.kt": "package a\nval lone = 1\n",
        },
        "everything",
        "lone",
    ),
    "php: a field of a class without a name": (
        {
            "a.php": "<?php\nclass Shop {\n  private int $lone = 0;\n  public function run() {\n"
            "    return new class { public $calls = 0; public function go() { ++$this->calls; } };\n  }\n}\n"
        },
        "calls",
        "lone",
    ),
    "php: a namespace with a block": (
        {"a.php": "<?php\nnamespace Till {\n  class Lone {}\n}\n"},
        "Till",
        "Lone",
    ),
    "typescript: a member of what a type is computed from": (
        {
            "a.ts": "interface Plugin { apply(): void; lone(): void }\ninterface All { one?: Plugin }\n"
            "export function get<K extends keyof All>(key: K): Exclude<All[K], undefined> {\n"
            "  return all[key] as any;\n}\nget('one').apply();\n"
        },
        "Plugin.apply",
        "Plugin.lone",
    ),
    "swift: code behind a comment with the quotes of a text": (
        {
            "a.swift": 'func run() {\n  // check("""\n  //   """)\n  pour()\n}\nfunc pour() {\n}\nfunc lone() {\n}\n',
        },
        "pour",
        "lone",
    ),
    "c++: a function beside a namespace of its name in another source file": (
        {
            "a.cpp": "namespace shop {\nvoid test1(int n) {\n}\nvoid lone(int n) {\n}\n"
            "void run() {\n  test1(1);\n}\n}\n",
            "b.cpp": "namespace shop {\nnamespace test1 {\nint one;\n}\n}\n",
        },
        "test1@a.cpp",
        "lone",
    ),
    "c++: a type in a global namespace beside one in another source file": (
        {
            "a.cpp": "namespace kinds {\nusing Tea = int;\nusing Lone = int;\n}\n"
            "namespace shop {\nkinds::Tea tea() {\n  return 1;\n}\n}\n",
            "b.cpp": "namespace shop {\nnamespace kinds {\nint one;\n}\n}\n",
        },
        "Tea",
        "Lone",
    ),
    "c++: members after the word that says they are templates": (
        {
            "a.cpp": "struct Builder {\n  template <int I> void put(int n) {\n  }\n"
            "  template <int I> void lone(int n) {\n  }\n};\n"
            "template <class B> void run(B& one) {\n  one.template put<1>(2);\n}\n"
        },
        "Builder.put",
        "Builder.lone",
    ),
    "c++: types after the word that says they are templates": (
        {
            "a.cpp": "struct Binding {\n  template <class R> using producer_t = R;\n"
            "  template <class R> using lone_t = R;\n};\n"
            "template <class B> struct Match {\n  using producer_t = typename B::template producer_t<int>;\n};\n"
        },
        "Binding.producer_t",
        "Binding.lone_t",
    ),
    "ruby: a method whose name begins like a constant's": (
        {
            "a.rb": "module Helpers\n  def N_(text)\n    text\n  end\n  def L_(text)\n    text\n  end\nend\n",
            "b.rb": "class Shop < Base\n  def run\n    N_('Apple')\n  end\nend\n",
        },
        "N_",
        "L_",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_may_be_used_is_not_denied(kind: str) -> None:
    files, used, unused = CASES[kind]
    sample = Sample(files)
    assert not any(facts.damaged for path in files if (facts := sample.facts(path)) is not None)
    assert not _is_denied(sample, used), used
    assert _is_denied(sample, unused), unused


def _is_denied(sample: Sample, name: str) -> bool:
    name, _, path = name.partition("@")
    definition = sample.definition(name, path or None)
    return not sample.resolver.uses(definition).uses and not sample.resolver.unseen_use(definition)


def test_a_class_of_very_many_members_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked for again for each member: that took minutes for files of thousands of lines."""
    members = "".join(f"    def m{number}(self):\n        return other{number}()\n\n" for number in range(300))
    marked = "    @register\n    def last(self):\n        return 1\n"
    sample = Sample({"a.py": f"class Large:\n{members}", "b.py": f"class Marked:\n{members}{marked}"})
    read = Facts.all_mentions
    times: list[int] = []

    def counted(facts: Facts) -> Iterator[tuple[str, list[Mention]]]:
        times.append(1)
        return read(facts)

    monkeypatch.setattr(Facts, "all_mentions", counted)
    assert not sample.resolver.unseen_use(sample.definition("Large"))
    assert sample.resolver.unseen_use(sample.definition("Marked"))
    assert len(times) <= 4


def test_namespaces_that_a_project_opens_for_all_its_files() -> None:
    sample = Sample({
        "src/Shop/Usings.cs": "global using Shop.Policies;\nglobal using Cart = Shop.Orders.Basket;",
        "src/Shop/Policies/RoundUp.cs": "namespace Shop.Policies; class RoundUp { public void Apply() {} }",
        "src/Shop/Orders/Basket.cs": "namespace Shop.Orders; class Basket { public int Count() => 1; }",
        "src/Shop/Till.cs": """
            namespace Shop.Sales;
            class Till {
              void Pay() {
                new RoundUp().Apply();
                Cart.Count();
              }
            }
        """,
        "tests/Other.cs": """
            namespace Tests;
            class Other { void Run() { new RoundUp(); } }
        """,
    })  # fmt: skip
    assert sample.uses("RoundUp") == ["src/Shop/Till.cs: new RoundUp().Apply();"]
    assert sample.uses("Apply") == ["src/Shop/Till.cs: new RoundUp().Apply();"]
    assert sample.uses("RoundUp", grade="possible") == ["tests/Other.cs: class Other { void Run() { new RoundUp(); } }"]
    assert sample.uses("Basket.Count") == ["src/Shop/Till.cs: Cart.Count();"]
