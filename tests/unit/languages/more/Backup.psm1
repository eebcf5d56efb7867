using namespace System.IO
Import-Module Archive

<#
.SYNOPSIS
Copies a folder.
#>
function Copy-Backup {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [int] $Keep = 3
    )
    Get-ChildItem $Path | Compress-Backup -Keep $Keep
    Remove-OldBackup -Keep $Keep
}

# Packs what comes in.
filter Compress-Backup([int] $Keep) {
    New-Archive $_
}

enum Level {
    Fast
    Small
}

class Backup : IDisposable {
    [string] $Path
    hidden [int] $count = 0

    Backup([string] $path) {
        $this.Path = $path
    }

    [bool] IsDue([datetime] $now) {
        return (Test-Age $this.Path $now)
    }

    static [Backup] Latest() {
        return [Backup]::new('latest')
    }
}
