using System;
using System.Collections.Generic;

namespace Shop.Orders
{
    /// <summary>
    /// Keeps <b>orders</b>.
    /// </summary>
    [Serializable]
    public class OrderBook<T> : BookBase, IOrderBook<T> where T : Order
    {
        private readonly List<T> orders = new List<T>();
        public const int Limit = 10;

        public OrderBook(ILogger logger) : base(logger)
        {
            logger.Info("made");
        }

        public int Count => orders.Count;

        public string Title
        {
            get
            {
                return title;
            }
            set { title = value; }
        }

        /// <summary>Adds an order.</summary>
        [Obsolete("use AddAsync"), Trace]
        public async Task<bool> Add<U>(U order, CancellationToken token = default)
        {
            bool Check() => order != null;
            await repository.SaveAsync<U>(order);
            return Check() && Notify(new OrderEvent(order));
        }

        public T this[int index] => orders[index];

        public static OrderBook<T> operator +(OrderBook<T> a, OrderBook<T> b) => a.Merge(b);

        public enum State { Open, Closed }
    }

    public interface IOrderBook<T>
    {
        Task<bool> Add<U>(U order);
    }

    public record Money(decimal Amount, string Currency);

    public struct Point
    {
        public int X;
    }

    public delegate void Changed(object sender);
}
