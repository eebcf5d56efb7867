{ config, lib, pkgs, ... }:

with lib;

let
  cfg = config.services.shop;

  # Renders the settings.
  renderSettings = settings:
    concatStringsSep "\n" (mapAttrsToList (name: value: "${name}=${value}") settings);

  package = pkgs.callPackage ./shop.nix { };
in
{
  imports = [ ./common.nix ];

  options.services.shop = {
    enable = mkEnableOption "the shop";

    port = mkOption {
      type = types.port;
      default = 8080;
      description = "The port.";
    };
  };

  config = mkIf cfg.enable {
    systemd.services.shop = {
      wantedBy = [ "multi-user.target" ];
      serviceConfig.ExecStart = "${package}/bin/shop";
    };
  };
}
