// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "./Token.sol";
import {Owned} from "./Owned.sol";

/// What a vault tells of.
interface IVault {
    function deposit(uint256 amount) external returns (uint256 shares);
}

library Shares {
    function toShares(uint256 amount, uint256 rate) internal pure returns (uint256) {
        return amount * rate;
    }
}

error TooMuch(uint256 amount);

/// @title A vault of tokens.
contract Vault is IVault, Owned {
    using Shares for uint256;

    struct Position {
        uint256 shares;
        uint64 since;
    }

    enum State { Open, Closed }

    event Deposited(address indexed who, uint256 amount);

    uint256 public constant LIMIT = 1_000;
    mapping(address => Position) public positions;

    modifier whenOpen() {
        require(state == State.Open, "closed");
        _;
    }

    constructor(address token) Owned(msg.sender) {
        asset = Token(token);
    }

    /// @notice Puts tokens into the vault.
    function deposit(uint256 amount) external whenOpen returns (uint256 shares) {
        if (amount > LIMIT) revert TooMuch(amount);
        shares = amount.toShares(rate());
        asset.transferFrom(msg.sender, address(this), amount);
        emit Deposited(msg.sender, amount);
    }

    function rate() public view returns (uint256) {
        return oracle.latest();
    }

    receive() external payable {}
}
