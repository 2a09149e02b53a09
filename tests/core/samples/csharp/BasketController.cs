using System.Threading.Tasks;
using Shop.Domain;

namespace Shop.Api;

/// <summary>Baskets over HTTP.</summary>
[ApiController]
public class BasketController : ControllerBase, IDisposable
{
    private readonly IBasketRepository _baskets;

    public int Limit { get; set; } = 20;

    public BasketController(IBasketRepository baskets)
    {
        _baskets = baskets ?? throw new ArgumentNullException(nameof(baskets));
    }

    /// <summary>Returns the basket of a user.</summary>
    [HttpGet("{user}")]
    public async Task<ActionResult<Basket>> Get(string user)
    {
        var basket = await _baskets.FindAsync(user);
        if (basket is null)
        {
            return NotFound();
        }
        return Ok(basket);
    }

    public void Dispose() => _baskets.Dispose();

    public enum Sorting { Name, Price }
}

public record BasketLine(string Sku, int Count);

public interface IBasketRepository : IDisposable
{
    Task<Basket> FindAsync(string user);
}
