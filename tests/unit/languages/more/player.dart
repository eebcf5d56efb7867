library player;

import 'dart:async';
import 'package:flutter/material.dart' as material show Widget;
export 'src/track.dart';
part 'player.g.dart';

/// How loud it may be.
const double maxVolume = 1.0;

/// Called when a track ends.
typedef OnEnd = void Function(Track track);

/// What a player is doing.
enum PlayerState {
  stopped,
  playing('>');

  const PlayerState([this.sign = '']);
  final String sign;

  bool get isActive => this == PlayerState.playing;
}

/// Plays sound.
mixin Audible on Object {
  double volume = maxVolume;

  void mute() {
    volume = 0;
  }
}

/// Plays tracks one after another.
@immutable
abstract class Player<T extends Track> extends Device with Audible implements Closeable {
  final List<T> _tracks = [];
  static int count = 0;

  /// Makes a player.
  Player(this.name, {required this.output}) : super(name) {
    count++;
  }

  Player.silent() : this('silent', output: null);

  /// A player by its description.
  factory Player.fromJson(Map<String, dynamic> json) {
    return decodePlayer(json);
  }

  /// The track that plays.
  T? get current => _tracks.isEmpty ? null : _tracks.first;

  set position(Duration value) {
    _seek(value);
  }

  /// Starts to play.
  @override
  Future<void> play(T track, {bool loop = false}) async {
    _tracks.add(track);
    await output.start(track);
  }

  Stream<Duration> positions();

  bool operator ==(Object other) => other is Player && other.name == name;

  static Player create() => Player.silent();
}

extension TrackList on List<Track> {
  Duration get total => fold(Duration.zero, (sum, track) => sum + track.length);

  Track longest() => reduce(pickLonger);
}

Future<void> main(List<String> arguments) async {
  runApp(const PlayerApp());
}

int compareTracks(Track a, Track b) => a.title.compareTo(b.title);
